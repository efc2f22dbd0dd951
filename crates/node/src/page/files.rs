//! The web page, as it was built when this program was: `ui/dist`, or nothing.

use rose_forest_http::PageFile;

include!(concat!(env!("OUT_DIR"), "/page.rs"));
