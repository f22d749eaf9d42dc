//! Loops and segments of the 837P (005010X222A1) as one table, and its parser.
//!
//! A line is: indent (depth), name, usage and maximum, element rules. A name that starts with a digit is a
//! loop. `NM1*41` needs element 1 to be 41, `HL#3*20` element 3, `HI*BK` the first component of element 1.
//! Element rules: `3` required, `8=46` required and coded, `9?=A|B` coded when present; `5.3` a component.

use std::sync::OnceLock;

/// A rule on one element or component.
#[derive(Debug)]
pub struct ElementRule {
    /// Element position from 1.
    pub element: usize,
    /// Component position from 1, or 0 for the whole element.
    pub component: usize,
    /// Must be present.
    pub required: bool,
    /// Allowed values; empty for any.
    pub codes: Vec<String>,
}

/// A loop (`id` empty) or a segment.
#[derive(Debug)]
pub struct Node {
    /// Loop name, or the segment's name as written in the table.
    pub name: String,
    /// Segment id; empty for a loop.
    pub id: String,
    at: usize,
    codes: Vec<String>,
    /// Usage R.
    pub required: bool,
    /// Maximum repeats.
    pub max: usize,
    /// Element rules of a segment.
    pub elements: Vec<ElementRule>,
    /// Children of a loop.
    pub children: Vec<Node>,
}

impl Node {
    /// True when this segment, or the first segment of this loop, is `segment`.
    pub fn matches(&self, segment: &crate::reader::Segment) -> bool {
        if self.id.is_empty() {
            return self.children.first().is_some_and(|first| first.matches(segment));
        }
        let code = segment.component(self.at, 1);
        segment.id() == self.id && (self.codes.is_empty() || self.codes.iter().any(|known| known == code))
    }

    /// What may stand in any order: repeats of one segment id, and the loops of one number (2310A..F).
    pub fn order_key(&self) -> &str {
        if !self.id.is_empty() {
            return &self.id;
        }
        match self.name.get(..4) {
            Some(number @ ("2310" | "2330" | "2420")) => number,
            _ => &self.name,
        }
    }
}

const PARTY: &str = "N3 R1 1\nN4 R1 1";

const CLAIM: &str = "\
2300 S100
 CLM R1 1 2 5.1 5.2=B 5.3=1|7|8 6=Y|N 7=A|B|C 8=N|W|Y 9=I|Y 10?=P 20?=1|2|3|4|5|6|7|8|9|10|11|15
 DTP*431|454|304|453|439|484|455|471|314|360|361|297|296|435|096|090|091|444|050 S19 2=D8|RD8 3
 PWK S10 1 2
 CN1 S1 1
 AMT*F5 S1 2
 REF*4N|F5|EW|9F|G1|F8|X4|9A|9C|LX|D9|EA|P4|1J S14 2
 K3 S10 1
 NTE S1 1=ADD|CER|DCP|DGN|TPO 2
 CR1 S1
 CR2 S1
 CRC*07|E1|E2|E3|75|ZZ S8 2=Y|N 3
 HI*ABK|BK R1 1.1 1.2
 HI*BP S1 1.2
 HI*BG S2 1.2
 HCP S1 1 2
 2310A S2
  NM1*DN|P3 R1 2=1 3 8?=XX
  REF*0B|1G|G2 S3 2
 2310B S1
  NM1*82 R1 2=1|2 3 8?=XX
  PRV*PE S1 2=PXC 3
  REF*0B|1G|G2|LU S4 2
 2310C S1
  NM1*77 R1 2=2 3 8?=XX
@2
  REF*0B|G2|LU S3 2
  PER*IC S1 3 4
 2310D S1
  NM1*DQ R1 2=1 3 8?=XX
  REF*0B|1G|G2|LU S4 2
 2310E S1
  NM1*PW R1 2=2
@2
 2310F S1
  NM1*45 R1 2=2
@2
 2320 S10
  SBR R1 1=A|B|C|D|E|F|G|H|P|S|T|U 2=01|18|19|20|21|39|40|53|G8
  CAS S5 1=CO|CR|OA|PI|PR 2 3
  AMT*D|A8|EAF S3 2
  OI R1 3=N|W|Y 6=I|Y
  MOA S1
  2330A R1
   NM1*IL R1 2=1|2 3 8=II|MI 9
   N3 S1 1
   N4 S1 1
   REF*SY S1 2
  2330B R1
   NM1*PR R1 2=2 3 8=PI|XV 9
   N3 S1 1
   N4 S1 1
   DTP*573 S1 2=D8 3
   REF*2U|EI|FY|NF|G1|9F|T4|F8 S6 2
  2330C S2
   NM1*DN|P3 R1 2=1
   REF R3 2
  2330D S1
   NM1*82 R1 2=1|2
   REF R3 2
  2330E S1
   NM1*77 R1 2=2
   REF R3 2
  2330F S1
   NM1*DQ R1 2=1
   REF R3 2
  2330G S1
   NM1*85 R1 2=1|2
   REF R2 2
 2400 R50
  LX R1 1
  SV1 R1 1.1=ER|HC|IV|WK 1.2 2 3=MJ|UN 4 7.1 9?=Y 11?=Y 12?=Y 15?=0
  SV5 S1 1.1=HC 1.2 2=DA 3
  PWK S11 1 2
  CR1 S1
  CR3 S1 1
  CRC*07|70|09 S5 2=Y|N 3
  DTP*472 R1 2=D8|RD8 3
  DTP*471|607|463|461|304|738|739|011|455|454 S11 2=D8|RD8 3
  QTY*PT|FL S2 2
  MEA S5 1 2 3
  CN1 S1 1
  REF*9B|9D|G1|6R|EW|X4|F4|BT|9F S17 2
  AMT*T|F4 S2 2
  K3 S10 1
  NTE S2 1=ADD|DCP|TPO 2
  PS1 S1 1 2
  HCP S1 1 2
  2410 S1
   LIN R1 2=EN|EO|HI|N4|ON|UK|UP 3
   CTP R1 4 5.1=F2|GR|ME|ML|UN
   REF*VY|XZ S1 2
  2420A S1
   NM1*82 R1 2=1|2 3 8?=XX
   PRV*PE S1 2=PXC 3
   REF S20 1 2
  2420B S1
   NM1*QB R1 2=1|2 8?=XX
   REF S20 1 2
  2420C S1
   NM1*77 R1 2=2 3 8?=XX
@3
   REF S3 1 2
  2420D S1
   NM1*DQ R1 2=1 3 8?=XX
   REF S20 1 2
  2420E S1
   NM1*DK R1 2=1 3 8?=XX
   N3 S1 1
   N4 S1 1
   REF S20 1 2
   PER*IC S1 3 4
  2420F S2
   NM1*DN|P3 R1 2=1 3 8?=XX
   REF S20 1 2
  2420G S1
   NM1*PW R1 2=2
@3
  2420H S1
   NM1*45 R1 2=2
@3
  2430 S15
   SVD R1 1 2 3.1=ER|HC|IV|WK 3.2 5
   CAS S5 1=CO|CR|OA|PI|PR 2 3
   DTP*573 R1 2=D8 3
   AMT*EAF S1 2
  2440 S99
   LQ R1 1=AS|UT 2
   FRM R99 1";

const TRANSACTION: &str = "\
BHT R1 1=0019 2=00|18 3 4 5 6=CH|RP|31
1000A R1
 NM1*41 R1 2=1|2 3 8=46 9
 PER*IC R2 3=ED|EM|FX|TE 4
1000B R1
 NM1*40 R1 2=2 3 8=46 9
2000A R99999
 HL#3*20 R1 1 4=1
 PRV*BI S1 2=PXC 3
 CUR S1 1=85 2
 2010AA R1
  NM1*85 R1 2=1|2 3 8?=XX
@2
  REF*EI|SY R1 2
  REF*0B|1G S2 2
  PER*IC S2 3 4
 2010AB S1
  NM1*87 R1 2=1|2
@2
 2010AC S1
  NM1*PE R1 2=2 3 8=PI|XV 9
@2
  REF*2U|FY|NF S1 2
  REF*EI R1 2
 2000B R99999
  HL#3*22 R1 1 2 4=0|1
  SBR R1 1=A|B|C|D|E|F|G|H|P|S|T|U 2?=18 9?=11|12|13|14|15|16|17|AM|BL|CH|CI|DS|FI|HM|LM|MA|MB|MC|OF|TV|VA|WC|ZZ
  PAT S1
  2010BA R1
   NM1*IL R1 2=1|2 3 8?=II|MI
   N3 S1 1
   N4 S1 1
   DMG S1 1=D8 2 3=F|M|U
   REF*SY|Y4 S2 2
   PER*IC S1 3 4
  2010BB R1
   NM1*PR R1 2=2 3 8=PI|XV 9
   N3 S1 1
   N4 S1 1
   REF*2U|EI|FY|NF S3 2
   REF*G2|LU S2 2
%2
  2000C S99999
   HL#3*23 R1 1 2 4=0
   PAT R1 1=01|19|20|21|39|40|53|G8
   2010CA R1
    NM1*QC R1 2=1 3
@4
    DMG R1 1=D8 2 3=F|M|U
    REF*Y4|1W|SY S2 2
    PER*IC S1 3 4
%3";

/// The whole transaction between ST and SE, as a loop without a segment of its own.
pub fn transaction() -> &'static Node {
    static TREE: OnceLock<Node> = OnceLock::new();
    TREE.get_or_init(|| {
        let mut lines = Vec::new();
        expand(TRANSACTION, 0, &mut lines);
        let mut at = 0;
        let children = parse(&lines, &mut at, 0);
        Node { children, required: true, max: 1, ..blank("ST") }
    })
}

/// `@n` stands for an address at depth n, `%n` for a whole claim at depth n.
fn expand(text: &'static str, base: usize, lines: &mut Vec<(usize, &'static str)>) {
    for line in text.lines() {
        if let Some(depth) = line.strip_prefix('@') {
            expand(PARTY, base + depth.parse::<usize>().unwrap_or(0), lines);
        } else if let Some(depth) = line.strip_prefix('%') {
            expand(CLAIM, base + depth.parse::<usize>().unwrap_or(0), lines);
        } else {
            let body = line.trim_start();
            lines.push((base + line.len() - body.len(), body));
        }
    }
}

fn parse(lines: &[(usize, &'static str)], at: &mut usize, depth: usize) -> Vec<Node> {
    let mut nodes = Vec::new();
    while let Some((indent, line)) = lines.get(*at) {
        if *indent != depth {
            break;
        }
        *at += 1;
        let mut node = node(line);
        if node.id.is_empty() {
            node.children = parse(lines, at, depth + 1);
        }
        nodes.push(node);
    }
    nodes
}

fn blank(name: &str) -> Node {
    Node {
        name: name.to_owned(),
        id: String::new(),
        at: 1,
        codes: Vec::new(),
        required: false,
        max: 1,
        elements: Vec::new(),
        children: Vec::new(),
    }
}

fn codes(text: &str) -> Vec<String> {
    text.split('|').filter(|code| !code.is_empty()).map(str::to_owned).collect()
}

fn node(line: &str) -> Node {
    let mut words = line.split(' ');
    let name = words.next().unwrap_or("");
    let usage = words.next().unwrap_or("");
    let mut node = blank(name);
    node.required = usage.starts_with('R');
    node.max = usage.get(1..).and_then(|max| max.parse().ok()).unwrap_or(1);
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        return node;
    }
    let (head, wanted) = name.split_once('*').unwrap_or((name, ""));
    let (id, at) = head.split_once('#').unwrap_or((head, "1"));
    node.id = id.to_owned();
    node.at = at.parse().unwrap_or(1);
    node.codes = codes(wanted);
    node.elements = words
        .map(|word| {
            let (place, allowed) = word.split_once('=').unwrap_or((word, ""));
            let required = !place.ends_with('?');
            let place = place.trim_end_matches('?');
            let (element, component) = place.split_once('.').unwrap_or((place, "0"));
            ElementRule {
                element: element.parse().unwrap_or(1),
                component: component.parse().unwrap_or(0),
                required,
                codes: codes(allowed),
            }
        })
        .collect();
    node
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(node: &Node) -> usize {
        1 + node.children.iter().map(count).sum::<usize>()
    }

    #[test]
    fn every_line_of_the_table_becomes_a_node() {
        let mut lines = Vec::new();
        expand(TRANSACTION, 0, &mut lines);
        assert_eq!(count(transaction()), lines.len() + 1);
        assert!(lines.len() > 250, "{}", lines.len());
    }
}
