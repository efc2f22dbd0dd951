//! What each condition means, case by case; and that indexes change nothing about it.

mod agree;
mod cases;
