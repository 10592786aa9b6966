//! Learning weights: the most likely ones for a set of labelled messages, held back by what was guessed before.
//!
//! A kind's strength is `(1 - Π(1 - w f)) · Π(1 - d)`: each term's weight `w` times the factor `f` its surroundings
//! leave, then the shares `d` that speak against. Read as the chance that a person would give the label, its logarithm
//! has a gradient in closed form, and Adam (Kingma and Ba, 2015) climbs it. Every weight stays on its side of zero, and
//! a term that hardly occurs stays where it was put by hand.

use std::collections::BTreeMap;

/// What is known of one message about one kind.
#[derive(Clone, Debug)]
pub(crate) struct Example {
    /// A person gave the label.
    pub is_so: bool,
    /// How much it counts.
    pub counts: f64,
    /// The terms, each once, by number, with the share of the weight that is left and whether it is stressed.
    pub terms: Vec<(usize, f64, bool)>,
    /// The chance that nothing else in the message shows the kind: what is not learnt.
    pub rest: f64,
}

/// How to learn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Course {
    /// How strongly a weight is held where it was, in messages.
    pub hold: f64,
    /// How much more a label counts than its absence.
    pub favor: f64,
    /// The share that emphasis adds.
    pub emphasis: f64,
}

/// Weights by number of the term.
pub(crate) type Weights = BTreeMap<usize, f64>;

const STEPS: usize = 600;
const RATE: f64 = 0.03;
/// Never quite certain: a weight of 1 could not be moved any more.
const SURE: f64 = 0.97;
const UNSURE: f64 = 0.005;

/// What a message comes to.
pub(crate) fn strength(example: &Example, weights: &Weights, emphasis: f64) -> f64 {
    let (doubt, left) = doubt_and_rest(example, weights, emphasis);
    (1.0 - doubt) * left
}

/// The chance that nothing shows the kind, and the share that what speaks against it leaves.
fn doubt_and_rest(example: &Example, weights: &Weights, emphasis: f64) -> (f64, f64) {
    let (mut doubt, mut left) = (example.rest, 1.0);
    for (term, factor, is_stressed) in &example.terms {
        match weights[term] {
            weight if weight < 0.0 => left *= 1.0 + weight,
            weight => doubt *= 1.0 - effective(weight, *factor, *is_stressed, emphasis),
        }
    }
    (doubt, left)
}

fn effective(weight: f64, factor: f64, is_stressed: bool, emphasis: f64) -> f64 {
    if is_stressed { weight + (1.0 - weight) * emphasis } else { weight * factor }
}

/// The weights after learning, from those before.
pub(crate) fn fit(examples: &[Example], before: &Weights, course: Course) -> Weights {
    let sign = |term: &usize| before[term].signum();
    let start: BTreeMap<usize, f64> =
        before.iter().map(|(term, weight)| (*term, logit(weight.abs().clamp(UNSURE, SURE)))).collect();
    let mut place = start.clone();
    let mut climb: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    let weights =
        |place: &BTreeMap<usize, f64>| place.iter().map(|(term, at)| (*term, sign(term) * chance(*at))).collect();
    for step in 1..=STEPS {
        let now: Weights = weights(&place);
        let mut slope: BTreeMap<usize, f64> =
            place.iter().map(|(term, at)| (*term, -course.hold * (at - start[term]))).collect();
        for example in examples {
            add_slope(example, &now, course, &mut slope);
        }
        for (term, slope) in slope {
            let (first, second) = climb.entry(term).or_default();
            *first = 0.9 * *first + 0.1 * slope;
            *second = 0.999 * *second + 0.001 * slope * slope;
            let step = i32::try_from(step).expect("a few hundred");
            let (first, second) = (*first / (1.0 - 0.9_f64.powi(step)), *second / (1.0 - 0.999_f64.powi(step)));
            *place.get_mut(&term).expect("every slope has a place") += RATE * first / (second.sqrt() + 1e-8);
        }
    }
    weights(&place)
}

/// How the logarithm of the chance of this example rises with each place.
fn add_slope(example: &Example, weights: &Weights, course: Course, slope: &mut BTreeMap<usize, f64>) {
    let (doubt, left) = doubt_and_rest(example, weights, course.emphasis);
    let is = ((1.0 - doubt) * left).clamp(UNSURE, 1.0 - UNSURE);
    let by_strength = if example.is_so { course.favor / is } else { -1.0 / (1.0 - is) } * example.counts;
    for (term, factor, is_stressed) in &example.terms {
        let weight = weights[term];
        let by_weight = if weight < 0.0 {
            -(1.0 - doubt) * left / (1.0 + weight)
        } else {
            let share = if *is_stressed { 1.0 - course.emphasis } else { *factor };
            share * doubt / (1.0 - effective(weight, *factor, *is_stressed, course.emphasis)) * left
        };
        let size = weight.abs();
        *slope.get_mut(term).expect("every term has a slope") += by_strength * by_weight * size * (1.0 - size);
    }
}

fn logit(chance: f64) -> f64 {
    (chance / (1.0 - chance)).ln()
}

fn chance(logit: f64) -> f64 {
    (1.0 / (1.0 + (-logit).exp())).clamp(UNSURE, SURE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(is_so: bool, terms: &[usize]) -> Example {
        Example { is_so, counts: 1.0, terms: terms.iter().map(|term| (*term, 1.0, false)).collect(), rest: 1.0 }
    }

    /// Term 0 tells, term 1 says nothing, term 2 speaks against, term 3 never occurs.
    #[test]
    fn weights_go_where_the_labels_are() {
        let examples: Vec<Example> = (0..40)
            .flat_map(|at| {
                [
                    example(true, &[0]),
                    example(at % 10 == 0, &[1]),
                    example(at % 8 == 0, &[0, 2]),
                    example(true, &[0, 1]),
                ]
            })
            .collect();
        let before = Weights::from([(0, 0.5), (1, 0.5), (2, -0.2), (3, 0.4)]);
        let course = Course { hold: 0.5, favor: 1.0, emphasis: 0.15 };
        let weights = fit(&examples, &before, course);
        assert!(weights[&0] > 0.85 && weights[&1] < 0.2 && weights[&2] < -0.7, "{weights:?}");
        assert!((weights[&3] - 0.4).abs() < 1e-9);
    }

    /// The slope is that of the logarithm of the chance, measured by a small step.
    #[test]
    fn the_slope_is_right() {
        let mut example = example(true, &[0, 1, 2]);
        example.terms[1] = (1, 0.6, false);
        example.terms[2] = (2, 1.0, true);
        example.terms.push((3, 1.0, false));
        let course = Course { hold: 0.0, favor: 1.0, emphasis: 0.15 };
        let weights = Weights::from([(0, 0.3), (1, 0.7), (2, 0.5), (3, -0.4)]);
        for is_so in [true, false] {
            example.is_so = is_so;
            let mut slope: BTreeMap<usize, f64> = weights.keys().map(|term| (*term, 0.0)).collect();
            add_slope(&example, &weights, course, &mut slope);
            for term in weights.keys() {
                let moved = |by: f64| {
                    let mut weights = weights.clone();
                    let weight = weights[term];
                    weights.insert(*term, weight.signum() * chance(logit(weight.abs()) + by));
                    let is = strength(&example, &weights, course.emphasis);
                    if is_so { is.ln() } else { (1.0 - is).ln() }
                };
                let measured = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                assert!((slope[term] - measured).abs() < 1e-6, "{term}: {} {measured}", slope[term]);
            }
        }
    }
}
