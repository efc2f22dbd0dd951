//! What the API itself counts and measures, beside what its backend does.
//!
//! | metric | kind | labels | what |
//! |---|---|---|---|
//! | `rose_forest_http_requests_total` | counter | `method`, `route`, `status` | requests that were answered; 499 stands for those whose client went away first |
//! | `rose_forest_http_request_seconds` | histogram | `method`, `route` | from a request's head to its answer's head |
//! | `rose_forest_http_requests_in_flight` | gauge | | requests that have no answer yet |
//!
//! A route is its template, `/collections/{name}/points`, or `none`: so there are no more series than routes, methods and
//! statuses, whatever is asked for. What hyper refuses (a head that is no HTTP, or too long) is not counted.

use super::observe::Route;
use axum::http::{Method, StatusCode};
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use std::{fmt, time::Instant};

/// How OpenMetrics text ends.
const END: &str = "# EOF\n";
/// What nginx says where a client went away before it had its answer.
const CLIENT_WENT_AWAY: u32 = 499;
/// From a search in memory to a request's longest time.
const SECONDS: &[f64] =
    &[5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asking {
    method: &'static str,
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answering {
    method: &'static str,
    route: String,
    status: u32,
}

/// The numbers of one server.
#[derive(Debug)]
pub(crate) struct HttpMetrics {
    registry: Registry,
    requests: Family<Answering, Counter>,
    seconds: Family<Asking, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
}

impl HttpMetrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("rose_forest");
        let requests = Family::<Answering, Counter>::default();
        registry.register("http_requests", "Requests that were answered", requests.clone());
        let histogram: fn() -> Histogram = || Histogram::new(SECONDS.iter().copied());
        let seconds = Family::<Asking, Histogram, fn() -> Histogram>::new_with_constructor(histogram);
        let help = "Seconds from a request to its answer";
        registry.register_with_unit("http_request", help, Unit::Seconds, seconds.clone());
        let in_flight = Gauge::default();
        registry.register("http_requests_in_flight", "Requests that have no answer yet", in_flight.clone());
        Self { registry, requests, seconds, in_flight }
    }

    /// Counts a request as under way until what is given back is dropped.
    pub(super) fn begin(&self, method: &Method, route: Route) -> Asked<'_> {
        self.in_flight.inc();
        Asked { metrics: self, method: name(method), route, since: Instant::now(), status: CLIENT_WENT_AWAY }
    }

    /// The backend's page with these numbers in it.
    pub(crate) fn page(&self, backend: &str) -> String {
        let mut page = match backend.strip_suffix(END) {
            Some(page) => page.to_owned(),
            // Half a page must not be taken for a whole one.
            None => {
                if !backend.is_empty() {
                    tracing::error!("the backend's metrics have no end, and are left out");
                }
                String::new()
            }
        };
        let whole = page.len();
        if let Err(fmt::Error) = text::encode(&mut page, &self.registry) {
            tracing::error!("metrics of requests could not be written");
            page.truncate(whole);
            page.push_str(END);
        }
        page
    }
}

/// A request that has no answer yet.
pub(super) struct Asked<'m> {
    metrics: &'m HttpMetrics,
    method: &'static str,
    route: Route,
    since: Instant,
    status: u32,
}

impl Asked<'_> {
    /// It has one.
    pub(super) fn answered(&mut self, status: StatusCode) {
        self.status = u32::from(status.as_u16());
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        let (metrics, method) = (self.metrics, self.method);
        metrics.in_flight.dec();
        let asking = Asking { method, route: self.route.as_str().to_owned() };
        metrics.seconds.get_or_create(&asking).observe(self.since.elapsed().as_secs_f64());
        let answering = Answering { method, route: asking.route, status: self.status };
        metrics.requests.get_or_create(&answering).inc();
    }
}

/// A method as a label: whoever makes up methods makes no series.
fn name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_route_and_status_and_one_that_is_dropped_is_its_clients() {
        let metrics = HttpMetrics::new();
        for _ in 0..2 {
            let route = Route::default();
            let mut asked = metrics.begin(&Method::GET, route.clone());
            route.set("/collections/{name}");
            asked.answered(StatusCode::NOT_FOUND);
        }
        drop(metrics.begin(&Method::from_bytes(b"BREW").unwrap(), Route::default()));
        let open = metrics.begin(&Method::POST, Route::default());
        let page = metrics.page("# HELP x X.\n# EOF\n");
        assert!(page.starts_with("# HELP x X.\n# HELP rose_forest_http") && page.ends_with(END), "{page}");
        assert_eq!(page.matches("# EOF").count(), 1);
        for line in [
            "rose_forest_http_requests_total{method=\"GET\",route=\"/collections/{name}\",status=\"404\"} 2",
            "rose_forest_http_requests_total{method=\"other\",route=\"none\",status=\"499\"} 1",
            "rose_forest_http_request_seconds_count{method=\"GET\",route=\"/collections/{name}\"} 2",
            "rose_forest_http_requests_in_flight 1",
        ] {
            assert!(page.lines().any(|said| said == line), "{line} in {page}");
        }
        drop(open);
        assert!(metrics.page("").contains("rose_forest_http_requests_in_flight 0\n"));
        assert!(!metrics.page("half").contains("half"));
    }
}
