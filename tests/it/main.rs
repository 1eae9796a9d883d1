//! The black-box tests: the real binary, real sockets, other people's clients.

mod python;

mod simulator;
