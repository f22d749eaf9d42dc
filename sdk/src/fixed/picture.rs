//! Digits with a point that is not written and a sign that is written over the last of them: COBOL's pictures.

/// Longest number.
const DIGITS_MAX: usize = 18;

/// `9(7)V99`: seven digits before the point and two behind it. With an `S` before it the last digit carries the sign (overpunch).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    written: String,
    digits: usize,
    decimals: usize,
    is_signed: bool,
}

impl Picture {
    /// Reads `9(7)V99`, `99999V99`, `S9(5)`. `None` for anything else.
    pub fn parse(written: &str) -> Option<Self> {
        let upper = written.to_ascii_uppercase();
        let (is_signed, rest) = upper.strip_prefix('S').map_or((false, upper.as_str()), |rest| (true, rest));
        let (whole, decimals) = rest.split_once('V').unwrap_or((rest, ""));
        let (whole, decimals) = (nines(whole)?, nines(decimals)?);
        let digits = whole + decimals;
        (1..=DIGITS_MAX).contains(&digits).then_some(Self { written: upper, digits, decimals, is_signed })
    }

    /// As the layout has it.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// Characters it takes.
    pub fn width(&self) -> usize {
        self.digits
    }

    /// The number with its point and sign, `-1234.50`. `None` where the cell is none of this picture: a number that does not end at the
    /// column's end could be any of several amounts.
    pub fn read(&self, cell: &str) -> Option<String> {
        let digits = cell.trim_start();
        let (last, is_negative) = digits.bytes().last().and_then(|last| self.last(last))?;
        let before = digits.get(..digits.len() - 1)?;
        if !before.bytes().all(|byte| byte.is_ascii_digit()) || digits.len() > self.digits {
            return None;
        }
        let all = format!("{:0>width$}", format!("{before}{last}"), width = self.digits);
        let (whole, decimals) = all.split_at_checked(self.digits - self.decimals)?;
        let whole = whole.trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole };
        let sign = if is_negative { "-" } else { "" };
        let point = if decimals.is_empty() { "" } else { "." };
        Some(format!("{sign}{whole}{point}{decimals}"))
    }

    /// The last digit, and whether the number is negative.
    fn last(&self, last: u8) -> Option<(u8, bool)> {
        match last {
            b'0'..=b'9' => Some((last - b'0', false)),
            _ if !self.is_signed => None,
            b'{' => Some((0, false)),
            b'A'..=b'I' => Some((last - b'A' + 1, false)),
            b'}' => Some((0, true)),
            b'J'..=b'R' => Some((last - b'J' + 1, true)),
            // What systems of their own write in ASCII.
            b'p'..=b'y' => Some((last - b'p', true)),
            _ => None,
        }
    }
}

/// How many digits `99`, `9(7)` or `9(5)99` are.
fn nines(text: &str) -> Option<usize> {
    let (mut rest, mut count) = (text, 0_usize);
    while !rest.is_empty() {
        rest = rest.strip_prefix('9')?;
        let Some(behind) = rest.strip_prefix('(') else {
            count += 1;
            continue;
        };
        let (number, behind) = behind.split_once(')')?;
        count = count.checked_add(number.parse().ok().filter(|number| *number > 0)?)?;
        rest = behind;
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_read_and_others_are_none() {
        for (written, width) in [("9(7)V99", 9), ("99999V99", 7), ("s9(5)", 5), ("9(3)9V9(2)", 6), ("V99", 2)] {
            assert_eq!(Picture::parse(written).map(|picture| picture.width()), Some(width), "{written}");
        }
        for written in
            ["", "S", "V", "X(3)", "9(0)", "9(", "9()", "9V9V9", "9(19)", "9.99", "-9(3)", "9(99999999999999999999)"]
        {
            assert_eq!(Picture::parse(written), None, "{written}");
        }
    }

    #[test]
    fn the_point_is_implied_and_the_sign_over_the_last_digit() {
        let read = |written: &str, cell: &str| Picture::parse(written).unwrap().read(cell);
        for (written, cell, number) in [
            ("9(7)V99", "000123450", "1234.50"),
            ("9(7)V99", "     4500", "45.00"),
            ("9(7)V99", "000000000", "0.00"),
            ("9(3)", "012", "12"),
            ("V99", "05", "0.05"),
            ("S9(3)V99", "0450{", "45.00"),
            ("S9(3)V99", "0450E", "45.05"),
            ("S9(3)V99", "0450}", "-45.00"),
            ("S9(3)V99", "0450N", "-45.05"),
            ("S9(3)V99", "0450u", "-45.05"),
            ("S9(3)V99", "04500", "45.00"),
        ] {
            assert_eq!(read(written, cell).as_deref(), Some(number), "{written} {cell}");
        }
        for (written, cell) in [
            ("9(7)V99", "00000450}"),
            ("9(7)V99", "4500     "),
            ("9(7)V99", "000045.00"),
            ("9(7)V99", "-00004500"),
            ("S9(3)V99", "0450Z"),
            ("S9(3)V99", "04}00"),
            ("9(3)", "1234"),
            ("9(3)", "1\u{e9}"),
            ("9(3)", "   "),
        ] {
            assert_eq!(read(written, cell), None, "{written} {cell}");
        }
    }
}
