//! Checks for options that contradict each other or their item.

use proc_macro2::Span;
use syn::spanned::Spanned;

use super::model::{Annotations, Body, Field, Fields, Item};
use crate::mistakes::Mistakes;

pub fn item(item: &Item, mistakes: &mut Mistakes) {
    annotations(&item.annotations, mistakes);
    if let Some(span) = item.by_number {
        by_number(item, span, mistakes);
    }
    match &item.body {
        Body::Struct { fields: of, .. } => fields(of, mistakes),
        Body::Enum(of) => {
            for variant in &of.variants {
                annotations(&variant.annotations, mistakes);
                fields(&variant.fields, mistakes);
            }
        }
        Body::Nothing => {}
    }
}

/// Notes `repr` on a type other than an enum of unit variants: only these have numbers.
fn by_number(item: &Item, span: Span, mistakes: &mut Mistakes) {
    let all_empty = match &item.body {
        Body::Enum(of) => {
            let mut variants = of.variants.iter();
            !of.variants.is_empty() && variants.all(|of| matches!(of.fields, Fields::Unit))
        }
        Body::Struct { .. } => false,
        Body::Nothing => return,
    };
    if !all_empty {
        mistakes.at(
            span,
            "`repr` is for enums without fields, which cross as the variant's number: describe this type with `with = …`",
        );
    } else if item.with.is_some() {
        mistakes.at(
            span,
            "`with` already describes this type: remove `repr` or `with`",
        );
    }
}

fn fields(fields: &Fields, mistakes: &mut Mistakes) {
    for field in fields.iter() {
        annotations(&field.annotations, mistakes);
        default(field, mistakes);
    }
}

fn default(field: &Field, mistakes: &mut Mistakes) {
    if let Some((_, span)) = field.annotations.default
        && !field.optional
    {
        mistakes.at(
            span,
            "serde has no default for this field: add #[serde(default)] or #[serde(default = \"…\")]",
        );
    }
    if field.flatten {
        for member in &field.annotations.members {
            if !["ReadOnly", "WriteOnly", "Deprecated"].contains(&member.keyword) {
                mistakes.at(
                    member.span,
                    "a flattened field has no schema of its own: remove this, or put it on the field's type",
                );
            }
        }
    }
    if let syn::Type::ImplTrait(ty) = &field.ty {
        mistakes.at(ty.span(), "a field has one type: write it");
    }
}

/// Pairs of a lower and an upper limit, and whether they may be equal.
const PAIRS: [(&str, &str, bool); 7] = [
    ("Minimum", "Maximum", true),
    ("Minimum", "ExclusiveMaximum", false),
    ("ExclusiveMinimum", "Maximum", false),
    ("ExclusiveMinimum", "ExclusiveMaximum", false),
    ("MinLength", "MaxLength", true),
    ("MinItems", "MaxItems", true),
    ("MinProperties", "MaxProperties", true),
];

/// Pairs of limits at the same end.
const TWO_LIMITS: [(&str, &str, &str); 2] = [
    (
        "Minimum",
        "ExclusiveMinimum",
        "this type has two lower limits: remove `minimum` or `exclusive_minimum`",
    ),
    (
        "Maximum",
        "ExclusiveMaximum",
        "this type has two upper limits: remove `maximum` or `exclusive_maximum`",
    ),
];

pub fn annotations(annotations: &Annotations, mistakes: &mut Mistakes) {
    for (lower, upper, may_be_equal) in PAIRS {
        let (Some(lower), Some(upper)) = (annotations.get(lower), annotations.get(upper)) else {
            continue;
        };
        let order = compare(&lower.json, &upper.json);
        if order.is_gt() || (order.is_eq() && !may_be_equal) {
            mistakes.at(
                upper.span,
                format!(
                    "no value is at least {} and at most {}: swap or change the limits",
                    lower.json, upper.json
                ),
            );
        }
    }
    for (one, other, message) in TWO_LIMITS {
        let other = annotations.get(one).and(annotations.get(other));
        mistakes.at_each(other.map(|other| other.span), message);
    }
    if let Some(member) = annotations.get("MultipleOf")
        && compare(&member.json, "0").is_le()
    {
        mistakes.at(member.span, "`multiple_of` must be above 0");
    }
}

/// Compares two JSON numbers.
fn compare(left: &str, right: &str) -> std::cmp::Ordering {
    if let (Ok(left), Ok(right)) = (left.parse::<i128>(), right.parse::<i128>()) {
        return left.cmp(&right);
    }
    // These have one more bit for numbers above zero.
    if let (Ok(left), Ok(right)) = (left.parse::<u128>(), right.parse::<u128>()) {
        return left.cmp(&right);
    }
    let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
    number(left).total_cmp(&number(right))
}
