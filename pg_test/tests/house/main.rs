//! The invariants of the house, held by reading its sources.
