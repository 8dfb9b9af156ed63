//! Floor 3: the only room that touches the server's C interface.

pub mod settings;
