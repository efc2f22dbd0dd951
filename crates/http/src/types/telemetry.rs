//! The least of Qdrant's telemetry that its clients insist on.

use serde::Serialize;
use utoipa::ToSchema;

/// Who answers, and since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Telemetry {
    /// By chance, another one after each start.
    pub id: String,
    /// The program.
    pub app: AppTelemetry,
    /// Its collections.
    pub collections: CollectionsTelemetry,
    /// It is no cluster of Qdrant's.
    pub cluster: ClusterTelemetry,
    /// Nothing: requests are counted under `/metrics`.
    pub requests: RequestsTelemetry,
}

/// A program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AppTelemetry {
    /// Its name.
    pub name: &'static str,
    /// The version of Qdrant whose API it speaks.
    pub version: &'static str,
    /// When it began to answer: UTC, RFC 3339.
    #[schema(format = DateTime)]
    pub startup: String,
    /// Whether it takes tokens with rights.
    pub jwt_rbac: bool,
}

/// How many collections there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CollectionsTelemetry {
    /// How many.
    pub number_of_collections: usize,
}

/// Of a cluster of Qdrant's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClusterTelemetry {
    /// Always false.
    pub enabled: bool,
}

/// Requests by protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct RequestsTelemetry {
    /// Over HTTP.
    pub rest: Responses,
    /// Over gRPC, which is not spoken here.
    pub grpc: Responses,
}

/// Always empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Responses {
    /// Always empty.
    #[schema(value_type = Object)]
    pub responses: serde_json::Map<String, serde_json::Value>,
}

impl Telemetry {
    /// Of a program that began to answer at `startup`, and speaks the API of Qdrant's `version`.
    pub fn new(id: String, version: &'static str, startup: String, collections: usize) -> Self {
        Self {
            id,
            app: AppTelemetry { name: "rose-forest", version, startup, jwt_rbac: true },
            collections: CollectionsTelemetry { number_of_collections: collections },
            cluster: ClusterTelemetry { enabled: false },
            requests: RequestsTelemetry::default(),
        }
    }
}
