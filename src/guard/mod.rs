//! Floor 4: the story of the hook: read, profile, decide, tell, audit.
