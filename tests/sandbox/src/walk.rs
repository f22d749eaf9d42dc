//! Follows the segments of one ST..SE through the table of `grammar`.
//!
//! Gives each segment its loop, and reports what is missing, unexpected, out of order or too often, in the
//! codes of IK304. Values of elements are checked in `validate`.

use crate::grammar::{Node, transaction};
use crate::reader::Segment;

/// One error of a 999: a segment (IK3), and elements of it (IK4).
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentError {
    /// Position in the transaction set, ST = 1 (IK302).
    pub position: usize,
    /// Segment id (IK301).
    pub id: String,
    /// Loop (IK303), may be empty.
    pub in_loop: String,
    /// IK304.
    pub code: &'static str,
    /// Element, component (0 = whole) and IK403.
    pub elements: Vec<(usize, usize, &'static str)>,
}

/// Where a segment of the transaction stands.
#[derive(Debug)]
pub struct Placed {
    /// Index into the set's segments, ST = 0.
    pub index: usize,
    /// Loop name, such as 2010AA.
    pub in_loop: &'static str,
    /// The table's row.
    pub node: &'static Node,
}

struct Frame {
    node: &'static Node,
    at: usize,
    counts: Vec<usize>,
}

impl Frame {
    fn new(node: &'static Node) -> Self {
        Frame { node, at: 0, counts: vec![0; node.children.len()] }
    }

    /// Index of the first child that may still come: order is free inside a run of one order key.
    fn first_open(&self) -> usize {
        let key = |index: usize| self.node.children.get(index).map(Node::order_key);
        let mut first = self.at;
        while first > 0 && key(first - 1) == key(self.at) {
            first -= 1;
        }
        first
    }

    fn count(&mut self, index: usize) -> usize {
        self.counts.get_mut(index).map_or(0, |count| {
            *count += 1;
            *count
        })
    }

    /// Reports required children before `end` that never came, once each.
    fn missing(&mut self, end: usize, position: usize, errors: &mut Vec<SegmentError>) {
        for (child, count) in self.node.children.iter().zip(self.counts.iter_mut()).take(end) {
            if child.required && *count == 0 {
                *count = 1;
                let first = child.children.first();
                let id = if child.id.is_empty() { first.map_or("", |f| &f.id) } else { &child.id };
                let in_loop = if child.id.is_empty() { &child.name } else { &self.node.name };
                let code = if child.id.is_empty() { "I7" } else { "3" };
                errors.push(error(position, id, in_loop, code));
            }
        }
    }
}

fn error(position: usize, id: &str, in_loop: &str, code: &'static str) -> SegmentError {
    let in_loop = if in_loop == "ST" { "" } else { in_loop };
    SegmentError { position, id: id.to_owned(), in_loop: in_loop.to_owned(), code, elements: Vec::new() }
}

/// Places all segments between ST and SE.
pub fn walk(segments: &[Segment]) -> (Vec<Placed>, Vec<SegmentError>) {
    let mut errors = Vec::new();
    let mut placed = Vec::new();
    let mut stack = vec![Frame::new(transaction())];
    let end = segments.len().saturating_sub(1).max(1);
    for (index, segment) in segments.iter().enumerate().take(end).skip(1) {
        let position = index + 1;
        let Some((depth, child)) = find(&stack, segment) else {
            let passed = stack.iter().any(|frame| frame.node.children.iter().any(|c| c.matches(segment)));
            errors.push(error(position, segment.id(), "", if passed { "7" } else { "2" }));
            continue;
        };
        while stack.len() > depth + 1 {
            if let Some(mut frame) = stack.pop() {
                let all = frame.node.children.len();
                frame.missing(all, position, &mut errors);
            }
        }
        let Some(frame) = stack.last_mut() else {
            continue;
        };
        let parent = frame.node;
        let Some(node) = parent.children.get(child) else {
            continue;
        };
        frame.at = child;
        let before = frame.first_open();
        frame.missing(before, position, &mut errors);
        let over = frame.count(child) > node.max;
        if node.id.is_empty() {
            if over {
                errors.push(error(position, segment.id(), &node.name, "4"));
            }
            let mut inner = Frame::new(node);
            inner.count(0);
            stack.push(inner);
            if let Some(first) = node.children.first() {
                placed.push(Placed { index, in_loop: &node.name, node: first });
            }
        } else {
            if over {
                errors.push(error(position, segment.id(), &parent.name, "5"));
            }
            placed.push(Placed { index, in_loop: &parent.name, node });
        }
    }
    while let Some(mut frame) = stack.pop() {
        let all = frame.node.children.len();
        frame.missing(all, segments.len(), &mut errors);
    }
    (placed, errors)
}

/// Innermost frame first; in it the first child, at or after the current place, that matches.
fn find(stack: &[Frame], segment: &Segment) -> Option<(usize, usize)> {
    stack.iter().enumerate().rev().find_map(|(depth, frame)| {
        let first = frame.first_open();
        let child = frame.node.children.iter().enumerate().skip(first).find(|(_, c)| c.matches(segment));
        child.map(|(index, _)| (depth, index))
    })
}
