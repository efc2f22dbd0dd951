//! Places on the globe, and whether they lie in an area.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A place, in degrees. One out of range lies in no area, and is refused in a filter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "AnyPoint")]
pub struct GeoPoint {
    /// Longitude, eastwards, -180 to 180.
    #[cfg_attr(feature = "openapi", schema(minimum = -180, maximum = 180))]
    pub lon: f64,
    /// Latitude, northwards, -90 to 90.
    #[cfg_attr(feature = "openapi", schema(minimum = -90, maximum = 90))]
    pub lat: f64,
}

impl GeoPoint {
    /// The place that a payload's value says, an object with `lon` and `lat`.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        let object = value.as_object()?;
        let place = Self { lon: object.get("lon")?.as_f64()?, lat: object.get("lat")?.as_f64()? };
        place.is_valid().then_some(place)
    }

    fn is_valid(&self) -> bool {
        self.lon.abs() <= 180.0 && self.lat.abs() <= 90.0
    }
}

/// A place that has not been checked.
#[derive(Deserialize)]
struct AnyPoint {
    lon: f64,
    lat: f64,
}

impl TryFrom<AnyPoint> for GeoPoint {
    type Error = String;
    fn try_from(AnyPoint { lon, lat }: AnyPoint) -> Result<Self, String> {
        let place = Self { lon, lat };
        if place.is_valid() {
            return Ok(place);
        }
        Err(format!(
            "expected a longitude from -180 to 180 and a latitude from -90 to 90, received {lon}, {lat}"
        ))
    }
}

/// A rectangle in longitude and latitude. One whose left edge lies east of its right one crosses the 180th meridian.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GeoBoundingBox {
    /// The north-western corner.
    pub top_left: GeoPoint,
    /// The south-eastern corner.
    pub bottom_right: GeoPoint,
}

/// All places nearer than a distance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GeoRadius {
    /// The middle.
    pub center: GeoPoint,
    /// The distance in metres along the surface.
    pub radius: f64,
}

/// A closed line: its last point is its first, or is joined to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GeoLineString {
    /// Its corners.
    pub points: Vec<GeoPoint>,
}

/// A polygon in longitude and latitude, with holes. Its edges are straight lines there, and it does not cross the
/// 180th meridian.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GeoPolygon {
    /// Its outline.
    pub exterior: GeoLineString,
    /// Its holes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interiors: Option<Vec<GeoLineString>>,
}

/// An area of any of these forms.
pub(crate) trait Area {
    /// Whether a place lies inside.
    fn contains(&self, place: GeoPoint) -> bool;

    /// Latitudes between which all that is inside lies, a little more rather than less.
    fn latitudes(&self) -> (f64, f64);
}

/// The Earth's mean radius in metres (IUGG).
const EARTH_METRES: f64 = 6_371_008.8;

impl Area for GeoBoundingBox {
    fn contains(&self, place: GeoPoint) -> bool {
        let (left, right) = (self.top_left.lon, self.bottom_right.lon);
        let is_between = if left > right {
            place.lon > left || place.lon < right
        } else {
            place.lon > left && place.lon < right
        };
        is_between && place.lat > self.bottom_right.lat && place.lat < self.top_left.lat
    }

    fn latitudes(&self) -> (f64, f64) {
        (self.bottom_right.lat, self.top_left.lat)
    }
}

impl Area for GeoRadius {
    /// By the haversine formula.
    fn contains(&self, place: GeoPoint) -> bool {
        let (from, to) = (self.center, place);
        let half_lat = (to.lat - from.lat).to_radians() / 2.0;
        let half_lon = (to.lon - from.lon).to_radians() / 2.0;
        let haversine = half_lat.sin().powi(2)
            + from.lat.to_radians().cos() * to.lat.to_radians().cos() * half_lon.sin().powi(2);
        2.0 * EARTH_METRES * haversine.clamp(0.0, 1.0).sqrt().asin() < self.radius
    }

    fn latitudes(&self) -> (f64, f64) {
        // No way is shorter than the difference of the latitudes, over a pole neither.
        let degrees = (self.radius / EARTH_METRES).to_degrees() + 1e-6;
        (self.center.lat - degrees, self.center.lat + degrees)
    }
}

impl Area for GeoPolygon {
    fn contains(&self, place: GeoPoint) -> bool {
        is_inside(&self.exterior, place)
            && !self.interiors.iter().flatten().any(|hole| is_inside(hole, place))
    }

    fn latitudes(&self) -> (f64, f64) {
        let lats = self.exterior.points.iter().map(|point| point.lat);
        lats.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), lat| (low.min(lat), high.max(lat)))
    }
}

/// Whether a ray to the east crosses the line an odd number of times (Shimrat 1962).
fn is_inside(line: &GeoLineString, place: GeoPoint) -> bool {
    let points = &line.points;
    let before = points.iter().cycle().skip(points.len().saturating_sub(1));
    let crossings = before.zip(points).filter(|(a, b)| {
        (a.lat > place.lat) != (b.lat > place.lat)
            && place.lon < a.lon + (place.lat - a.lat) / (b.lat - a.lat) * (b.lon - a.lon)
    });
    crossings.count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lon: f64, lat: f64) -> GeoPoint {
        GeoPoint { lon, lat }
    }

    const BERLIN: GeoPoint = GeoPoint { lon: 13.405, lat: 52.52 };
    const POTSDAM: GeoPoint = GeoPoint { lon: 13.064, lat: 52.39 };

    #[test]
    fn a_radius_is_in_metres() {
        // 27.3 km apart.
        assert!(GeoRadius { center: BERLIN, radius: 28_000.0 }.contains(POTSDAM));
        assert!(!GeoRadius { center: BERLIN, radius: 26_000.0 }.contains(POTSDAM));
        // One degree on the equator, and over the pole.
        assert!(GeoRadius { center: at(0.0, 0.0), radius: 111_196.0 }.contains(at(1.0, 0.0)));
        assert!(!GeoRadius { center: at(0.0, 0.0), radius: 111_194.0 }.contains(at(1.0, 0.0)));
        assert!(GeoRadius { center: at(0.0, 89.5), radius: 120_000.0 }.contains(at(180.0, 89.5)));
    }

    #[test]
    fn a_box_may_cross_the_180th_meridian() {
        let plain = GeoBoundingBox { top_left: at(13.0, 53.0), bottom_right: at(14.0, 52.0) };
        assert!(plain.contains(BERLIN) && !plain.contains(at(12.0, 52.5)) && !plain.contains(at(13.5, 54.0)));
        let fiji = GeoBoundingBox { top_left: at(177.0, -15.0), bottom_right: at(-178.0, -20.0) };
        assert!(fiji.contains(at(179.0, -17.0)) && fiji.contains(at(-179.0, -17.0)));
        assert!(!fiji.contains(at(0.0, -17.0)));
    }

    #[test]
    fn a_polygon_has_holes() {
        let square = |size: f64| GeoLineString {
            points: vec![
                at(-size, -size),
                at(size, -size),
                at(size, size),
                at(-size, size),
                at(-size, -size),
            ],
        };
        let ring = GeoPolygon { exterior: square(2.0), interiors: Some(vec![square(1.0)]) };
        assert!(ring.contains(at(1.5, 0.3)) && ring.contains(at(-0.3, -1.7)));
        assert!(!ring.contains(at(0.1, 0.2)) && !ring.contains(at(2.5, 0.0)) && !ring.contains(at(0.0, 3.0)));
        assert_eq!(ring.latitudes(), (-2.0, 2.0));
        let open = GeoPolygon {
            exterior: GeoLineString { points: square(1.0).points[..4].to_vec() },
            interiors: None,
        };
        assert!(open.contains(at(0.0, 0.0)));
        let none = GeoPolygon { exterior: GeoLineString { points: Vec::new() }, interiors: None };
        assert!(!none.contains(at(0.0, 0.0)));
    }
}
