//! Arithmetic over whole numbers, cents and thousandths: what does not fit is trouble, never another number.

use super::{Answer, Trouble};
use crate::ir::Arithmetic;

pub(super) fn arithmetic(kind: Arithmetic, left: i64, right: i64) -> Answer<i64> {
    if right == 0 && matches!(kind, Arithmetic::Divide | Arithmetic::DivideThousandths | Arithmetic::Remainder) {
        return Err(Trouble::Division);
    }
    let narrow = |wide: i128| i64::try_from(wide).map_err(|_| Trouble::Overflow);
    let (wide_left, wide_right) = (i128::from(left), i128::from(right));
    match kind {
        Arithmetic::Add => left.checked_add(right).ok_or(Trouble::Overflow),
        Arithmetic::Subtract => left.checked_sub(right).ok_or(Trouble::Overflow),
        Arithmetic::Multiply => left.checked_mul(right).ok_or(Trouble::Overflow),
        Arithmetic::MultiplyThousandths => narrow(rounded(wide_left * wide_right, 1_000)),
        Arithmetic::Divide => left.checked_div(right).ok_or(Trouble::Overflow),
        Arithmetic::DivideThousandths => narrow(rounded(wide_left * 1_000, wide_right)),
        Arithmetic::Remainder => left.checked_rem(right).ok_or(Trouble::Overflow),
    }
}

/// Half away from zero. `by` is not zero.
fn rounded(number: i128, by: i128) -> i128 {
    let (number, by) = if by < 0 { (-number, -by) } else { (number, by) };
    let half = if number < 0 { -(by / 2) } else { by / 2 };
    (number + half) / by
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_do_not_fit_are_trouble() {
        assert_eq!(arithmetic(Arithmetic::Add, i64::MAX, 1), Err(Trouble::Overflow));
        assert_eq!(arithmetic(Arithmetic::Divide, i64::MIN, -1), Err(Trouble::Overflow));
        assert_eq!(arithmetic(Arithmetic::Remainder, 1, 0), Err(Trouble::Division));
        assert_eq!(arithmetic(Arithmetic::MultiplyThousandths, i64::MAX, i64::MAX), Err(Trouble::Overflow));
        assert_eq!(arithmetic(Arithmetic::DivideThousandths, 1_000, 3_000), Ok(333));
        assert_eq!(arithmetic(Arithmetic::MultiplyThousandths, -5, 500), Ok(-3), "2.5 cents round away from zero");
    }
}
