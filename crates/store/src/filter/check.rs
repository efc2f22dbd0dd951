//! Whether one point fulfils a filter, from its id and its payload alone. This is what a filter means; indexes only find
//! the same points faster.

use super::{Condition, FieldCondition, Filter, Match, MatchValue, MatchValues, Range, Time, ValuesCount};
use crate::fields::{
    datetime::parse_micros,
    geo::{Area, GeoPoint},
    path::FieldPath,
    words::words,
};
use crate::payload::Wanted;
use rose_forest_rules::id::PointId;
use serde_json::Value;
use std::collections::BTreeSet;

/// What is checked.
#[derive(Clone, Copy)]
pub(crate) struct Candidate<'a> {
    /// Nothing for an element of an array inside a payload.
    pub id: Option<&'a PointId>,
    /// An object.
    pub payload: &'a Value,
}

impl Filter {
    /// The outermost keys of payloads that it asks about.
    pub(crate) fn first_keys(&self) -> Wanted<'_> {
        let mut keys = Vec::new();
        self.visit_keys(&mut |key| keys.push(key.first_key()));
        keys.into_iter().collect()
    }

    fn visit_keys<'f>(&'f self, visit: &mut dyn FnMut(&'f FieldPath)) {
        let min_should = self.min_should.iter().flat_map(|min_should| &min_should.conditions);
        for condition in self.must.iter().chain(&self.should).chain(&self.must_not).chain(min_should) {
            match condition {
                Condition::Field(field) => visit(&field.key),
                Condition::IsEmpty { is_empty: key } | Condition::IsNull { is_null: key } => visit(&key.key),
                Condition::HasId { .. } | Condition::HasVector { .. } => {}
                // Its filter's keys are those of elements.
                Condition::Nested { nested } => visit(&nested.key),
                Condition::Filter(filter) => filter.visit_keys(visit),
            }
        }
    }

    /// Whether a point fulfils it. Cost: linear in the filter and in the values that it looks at.
    pub(crate) fn holds(&self, candidate: Candidate<'_>) -> bool {
        let holds = |condition: &Condition| condition.holds(candidate);
        self.must.iter().all(holds)
            && (self.should.is_empty() || self.should.iter().any(holds))
            && !self.must_not.iter().any(holds)
            && self.min_should.as_ref().is_none_or(|min_should| {
                let enough = min_should.conditions.iter().filter(|condition| holds(condition));
                enough.take(min_should.min_count).count() >= min_should.min_count
            })
    }
}

impl Condition {
    fn holds(&self, candidate: Candidate<'_>) -> bool {
        match self {
            Self::Field(field) => field.holds(candidate.payload),
            Self::IsEmpty { is_empty: key } => values(&key.key, candidate.payload).all(is_empty),
            Self::IsNull { is_null } => values(&is_null.key, candidate.payload).any(has_null),
            Self::HasId { has_id } => candidate.id.is_some_and(|id| has_id.contains(id)),
            Self::HasVector { has_vector } => candidate.id.is_some() && has_vector.is_empty(),
            Self::Nested { nested } => values(&nested.key.elements(), candidate.payload).any(|element| {
                element.is_object() && nested.filter.holds(Candidate { id: None, payload: element })
            }),
            Self::Filter(filter) => filter.holds(candidate),
        }
    }
}

fn values<'v>(path: &FieldPath, payload: &'v Value) -> impl Iterator<Item = &'v Value> + use<'v> {
    let mut values = Vec::new();
    path.visit(payload, &mut |value| values.push(value));
    values.into_iter()
}

impl FieldCondition {
    fn holds(&self, payload: &Value) -> bool {
        if let Some(Match::Text(text)) = &self.matches
            && has_words(text, values(&self.key, payload))
        {
            return true;
        }
        let found: Vec<_> = values(&self.key, payload).collect();
        let counts = |count: &ValuesCount| match found.as_slice() {
            [] => count.contain(&0),
            found => found.iter().any(|value| has_count(count, value)),
        };
        self.values_count.as_ref().is_some_and(counts)
            || self.is_empty.is_some_and(|wanted| found.iter().copied().all(is_empty) == wanted)
            || self.is_null.is_some_and(|wanted| found.iter().copied().any(has_null) == wanted)
            || found.iter().flat_map(|value| elements(value)).any(|element| self.holds_for(element))
    }

    /// Whether a single value, no array, fulfils it.
    fn holds_for(&self, value: &Value) -> bool {
        let is_in = |area: Option<&dyn Area>| {
            area.is_some_and(|area| GeoPoint::of(value).is_some_and(|place| area.contains(place)))
        };
        self.matches.as_ref().is_some_and(|matches| matches.holds(value))
            || self.range.as_ref().is_some_and(|range| range.holds(value))
            || is_in(self.geo_bounding_box.as_ref().map(|area| area as &dyn Area))
            || is_in(self.geo_radius.as_ref().map(|area| area as &dyn Area))
            || is_in(self.geo_polygon.as_ref().map(|area| area as &dyn Area))
    }
}

/// A value's elements: an array's, or itself.
fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::Array(elements) => elements.as_slice(),
        value => std::slice::from_ref(value),
    }
    .iter()
}

fn has_count(count: &ValuesCount, value: &Value) -> bool {
    count.contain(&match value {
        Value::Null => 0,
        Value::Array(elements) => elements.len(),
        _ => 1,
    })
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(elements) => elements.is_empty(),
        _ => false,
    }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(elements) => elements.iter().any(Value::is_null),
        _ => false,
    }
}

/// Whether the strings among these values hold all words of a text, together.
fn has_words<'v>(text: &str, values: impl Iterator<Item = &'v Value>) -> bool {
    let mut missing: BTreeSet<_> = words(text).collect();
    if missing.is_empty() {
        return false;
    }
    for text in values.flat_map(elements).filter_map(Value::as_str) {
        words(text).for_each(|word| {
            missing.remove(&word);
        });
    }
    missing.is_empty()
}

/// Whether a string holds all words of a phrase, one after the other. A phrase without a word is in none.
fn has_phrase(phrase: &str, text: &str) -> bool {
    let (phrase, text): (Vec<_>, Vec<_>) = (words(phrase).collect(), words(text).collect());
    !phrase.is_empty() && text.windows(phrase.len()).any(|part| part == phrase)
}

impl Match {
    fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Value(MatchValue::Bool(wanted)) => value.as_bool() == Some(*wanted),
            Self::Value(MatchValue::Integer(wanted)) => value.as_i64() == Some(*wanted),
            Self::Value(MatchValue::Keyword(wanted)) => value.as_str() == Some(wanted),
            Self::Any(wanted) => wanted.contain(value),
            Self::Except(unwanted) => !value.is_null() && !unwanted.contain(value),
            // Of all values together, see `has_words`.
            Self::Text(_) => false,
            Self::TextAny(wanted) => value.as_str().is_some_and(|text| {
                let wanted: BTreeSet<_> = words(wanted).collect();
                words(text).any(|word| wanted.contains(&word))
            }),
            Self::Phrase(wanted) => value.as_str().is_some_and(|text| has_phrase(wanted, text)),
            Self::Prefix(wanted) => value.as_str().is_some_and(|text| text.starts_with(wanted)),
            Self::Substring(wanted) => value.as_str().is_some_and(|text| text.contains(wanted)),
        }
    }
}

impl MatchValues {
    fn contain(&self, value: &Value) -> bool {
        match self {
            Self::Integers(list) => value.as_i64().is_some_and(|number| list.contains(&number)),
            Self::Keywords(list) => value.as_str().is_some_and(|text| list.iter().any(|one| one == text)),
        }
    }
}

impl Range {
    fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Number(bounds) => value.as_f64().is_some_and(|number| bounds.contain(&number)),
            Self::Time(bounds) => {
                let micros = value.as_str().and_then(parse_micros);
                micros.is_some_and(|micros| bounds.micros().contain(&micros))
            }
        }
    }
}

impl super::Bounds<Time> {
    /// The ends in microseconds.
    pub(super) fn micros(&self) -> super::Bounds<i64> {
        let micros = |bound: &Option<Time>| bound.as_ref().map(Time::micros);
        super::Bounds {
            gt: micros(&self.gt),
            gte: micros(&self.gte),
            lt: micros(&self.lt),
            lte: micros(&self.lte),
        }
    }
}
