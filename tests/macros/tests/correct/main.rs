//! Code that compiles without warnings, and does what it says. Each module is a program of an
//! author.
#![deny(warnings)]

mod arguments_on_a_thread;
mod by_full_paths;
mod called_by_nothing_else;
mod host_functions_anywhere;
mod names_of_the_author;
mod without_the_prelude;
