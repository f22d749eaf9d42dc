//! A condition after it was checked: names are positions, types are known, constants are constants.

/// What evaluates to one value.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// `true`, `false`
    Bool(bool),
    /// Any number: whole, cents, thousandths, days, position of a word.
    Int(i64),
    /// A text.
    Text(Box<str>),
    /// `null`
    Missing,
    /// `line`, or a loop's variable.
    Slot(u8),
    /// `claim`
    Claim,
    /// `as_of`
    AsOf,
    /// The coverage that the claim goes to.
    Coverage,
    /// Number of the line, from 1.
    LineNumber,
    /// A field of a record.
    Field(Box<Node>, u16),
    /// An item of a list.
    Item(Box<List>, Box<Node>),
    /// `&&`, all of them.
    All(Vec<Node>),
    /// `||`, one of them.
    Any(Vec<Node>),
    /// `!`
    Not(Box<Node>),
    /// `? :`
    Choose(Box<Node>, Box<Node>, Box<Node>),
    /// Neither is missing and both are the same.
    Same(Box<Node>, Box<Node>),
    /// `<` and its kin.
    Compare(Order, Box<Node>, Box<Node>),
    /// One of these texts, sorted.
    OneOf(Box<Node>, Box<[Box<str>]>),
    /// One of these numbers.
    OneOfInts(Box<Node>, Box<[i64]>),
    /// `in` a list.
    In(Box<Node>, Box<List>),
    /// Is there; a text also has to hold something.
    Has(Box<Node>),
    /// The first, or where it is missing the second.
    OrElse(Box<Node>, Box<Node>),
    /// Numbers.
    Arithmetic(Arithmetic, Box<Node>, Box<Node>),
    /// A part of a day.
    DatePart(DatePart, Box<Node>),
    /// A day some months later.
    AddMonths(Box<Node>, Box<Node>),
    /// Whole years between two days.
    Years(Box<Node>, Box<Node>),
    /// Tests of a text.
    Test(Test, Box<Node>, Box<Node>),
    /// Both ends count.
    Between(Box<Node>, Box<Node>, Box<Node>),
    /// Part of a text: from, and to where it is given; in characters.
    Substring(Box<Node>, Box<Node>, Option<Box<Node>>),
    /// Characters of a text.
    Length(Box<Node>),
    /// Some item fulfils it.
    Exists(Box<List>, u8, Box<Node>),
    /// Every item fulfils it.
    Every(Box<List>, u8, Box<Node>),
    /// Exactly one item fulfils it.
    One(Box<List>, u8, Box<Node>),
    /// Number of items.
    Size(Box<List>),
    /// Total of items.
    Sum(Box<List>),
    /// Smallest item; missing where there is none.
    Min(Box<List>),
    /// Greatest item.
    Max(Box<List>),
    /// Place of service of a line: its own, else the claim's.
    Place(Box<Node>),
    /// Who renders a line: its own, else the claim's, else the billing provider.
    Renderer(Box<Node>),
    /// A list as a value: for words and reports.
    List(Box<List>),
}

/// What evaluates to items.
#[derive(Debug, Clone, PartialEq)]
pub enum List {
    /// The lines of the claim.
    Lines,
    /// Earlier lines within the rule's look-back.
    Earlier,
    /// A list field; none where a record on the way is missing.
    Of(Node),
    /// Constants.
    Constant(Box<[Node]>),
    /// Items that fulfil a condition.
    Filter(Box<List>, u8, Box<Node>),
    /// Something of each item.
    Map(Box<List>, u8, Box<Node>),
    /// The diagnoses that a line points to.
    Diagnoses(Box<Node>),
}

/// How two numbers, or two texts, compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// `<`
    Less,
    /// `<=`
    LessOrSame,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrSame,
}

/// What is done with two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `*`, of two with thousandths, or of cents with thousandths.
    MultiplyThousandths,
    /// `/`, whole, towards zero.
    Divide,
    /// `/`, the quotient in thousandths.
    DivideThousandths,
    /// `%`
    Remainder,
}

/// A part of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatePart {
    /// Of four digits.
    Year,
    /// 1 to 12.
    Month,
    /// 1 to 31.
    Day,
}

/// A test of a text with another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// Begins with it.
    StartsWith,
    /// Ends with it.
    EndsWith,
    /// Has it somewhere.
    Contains,
}
