//! Whole templates: what they print, where it comes from, and what is refused.
