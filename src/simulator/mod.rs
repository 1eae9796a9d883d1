//! The embedded Connect: an independent witness that shares the wire types and none of the rules.
