//! `trace --unaccounted`: everything that is in none of the ends, of every practice, of the host's own tenant, and of nobody.

use std::process::ExitCode;

use super::super::output::{print, print_json};
use super::super::reader::Reader;
use super::super::verify::line;
use super::super::{Failure, Global};
use crate::claim::day_number;
use crate::verify::Outside;
use crate::verify::ends::{not_configured, of_nobody, unaccounted};

pub(super) fn run(global: &Global, reader: &Reader, practice: Option<&str>) -> Result<ExitCode, Failure> {
    let today = day_number(global.today());
    let outside = Outside::of(&reader.config);
    let mut listed = if practice.is_none() { of_nobody(&reader.store)? } else { Vec::new() };
    let mut count = u64::try_from(listed.len()).unwrap_or(0);
    for tenant in reader.tenants(practice)? {
        let of_tenant = if reader.is_configured(tenant.id()) {
            let profile = reader.profile(tenant.id())?;
            unaccounted(&reader.store, &tenant, profile.as_ref(), &outside, today)?
        } else {
            not_configured(&tenant)?
        };
        count += of_tenant.count;
        listed.extend(of_tenant.listed);
    }
    if global.json {
        print_json(&listed);
    } else {
        listed.iter().for_each(|one| print(&line(one)));
        anstream::eprintln!("{count} things are in none of the ends");
    }
    Ok(if count == 0 { ExitCode::SUCCESS } else { ExitCode::from(4) })
}
