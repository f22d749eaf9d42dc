//! The bytes of the feeds: what a run may change, order of sending, envelopes, visible defects.

use super::files;

#[test]
fn the_same_seed_writes_the_same_bytes_and_another_does_not() {
    for seed in 1..=5 {
        assert_eq!(files(seed, 1), files(seed, 1));
        assert_ne!(files(seed, 1), files(seed + 1, 1));
    }
}

/// Blanks the fields that a run may change: MSH-10, ISA13, GS06, ST02, BHT03 and their trailers.
fn without_run(text: &str) -> String {
    let blank = |segment: &str, separator: char, at: usize| {
        let mut fields: Vec<&str> = segment.split(separator).collect();
        fields[at] = "";
        fields.join(&separator.to_string())
    };
    let segment = |segment: &str| match segment.get(..4).unwrap_or_default() {
        "MSH|" => blank(segment, '|', 9),
        "ISA*" => blank(segment, '*', 13),
        "GS*H" => blank(segment, '*', 6),
        "ST*8" | "SE*1" | "SE*2" | "SE*3" | "SE*4" | "SE*5" | "SE*6" | "SE*7" | "SE*8" | "SE*9" | "GE*1" | "IEA*" => {
            blank(segment, '*', 2)
        }
        "BHT*" => blank(segment, '*', 3),
        _ => segment.to_owned(),
    };
    text.split(['\r', '\n']).map(|line| segment(line.trim_end_matches('~'))).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_second_run_differs_only_in_the_named_fields() {
    for seed in 1..=10 {
        let (one, two) = (files(seed, 1), files(seed, 2));
        assert_eq!(one.len(), two.len());
        let mut changed = 0;
        for (one, two) in one.iter().zip(&two) {
            assert_eq!(
                one.path.replace("run-1", "run-2").replace("-r1-", "-r2-").replacen("patients-r1", "patients-r2", 1),
                two.path
            );
            assert_eq!(without_run(&one.text), without_run(&two.text), "{}", one.path);
            let numbered = one.path.ends_with(".hl7") || one.path.ends_with(".837");
            assert_eq!(one.text != two.text, numbered, "{}", one.path);
            changed += usize::from(numbered);
        }
        assert!(changed > 20);
    }
}

#[test]
fn evn_2_rises_in_the_order_of_files_and_messages() {
    for seed in 1..=10 {
        for practice in ["cedar-family", "harbor-ortho"] {
            let mut times: Vec<String> = Vec::new();
            let of_practice =
                files(seed, 1).into_iter().filter(|file| file.path.contains(practice) && file.path.ends_with(".hl7"));
            for file in of_practice {
                times.extend(
                    file.text.split('\r').filter(|line| line.starts_with("EVN|")).map(|line| line[8..].to_owned()),
                );
            }
            assert!(times.len() > 100);
            assert!(times.is_sorted_by(|a, b| a < b), "{seed} {practice}");
        }
    }
}

/// Looks at the bytes, not at the model: the number of lines with a defect is the number of seeded visits or more.
#[test]
fn defects_are_visible_in_the_feeds() {
    for seed in 1..=10 {
        let text = |practice: &str| {
            files(seed, 1)
                .into_iter()
                .filter(|f| f.path.contains(practice) && f.path.contains("feeds/"))
                .map(|f| f.text)
                .collect::<String>()
        };
        let (cedar, harbor, maple, summit) =
            (text("cedar-family"), text("harbor-ortho"), text("maple-derm"), text("summit-peds"));
        let with = |text: &str, segment: &str, field: usize, want: &dyn Fn(&str) -> bool| {
            let lines = text.split('\r').filter(|line| line.starts_with(segment));
            lines.filter(|line| want(line.split('|').nth(field).unwrap_or_default())).count()
        };
        for hl7 in [&cedar, &harbor] {
            for field in [5, 7, 11] {
                assert!(with(hl7, "PID|", field, &str::is_empty) > 0, "PID-{field}");
            }
            assert!(with(hl7, "IN1|", 36, &str::is_empty) > 0);
            assert!(with(hl7, "IN1|1|", 36, &str::is_empty) > 0 && with(hl7, "IN1|2|", 36, &str::is_empty) > 0);
            assert!(with(hl7, "IN1|", 2, &|text| text == "QFM") > 0);
            assert!(with(hl7, "PV1|", 3, &|text| text == "ANNEX9") > 0);
            assert!(with(hl7, "PV1|", 7, &|text| text.starts_with("DR99^")) > 0);
        }
        assert!(with(&cedar, "FT1|", 19, &str::is_empty) > 0 && with(&cedar, "FT1|", 10, &|text| text == "0") > 0);
        assert!(
            with(&cedar, "FT1|", 26, &|text| text == "2") > 0
                && with(&cedar, "FT1|", 25, &|text| text.starts_with("G04^")) > 0
        );
        assert!(
            with(&harbor, "FT1|", 8, &|text| text == "0") > 0 && with(&harbor, "FT1|", 11, &|text| text == "0.00") > 0
        );
        assert!(
            with(&harbor, "ZFT|", 1, &|text| text == "2") > 0 && with(&cedar, "FT1|", 11, &|text| text == "0.00") > 0
        );
        for part in ["-2,", ",G04,", ",DR99,", ",ANNEX9,", ",QFM,", ",$0.00,", ",credit,", ",replace,"] {
            assert!(maple.contains(part), "{part}");
        }
        for part in [
            "NM1*IL*1******MI*",
            "DMG*D8**",
            "*:B:1*",
            ":B:7*",
            ":B:8*",
            "REF*G2*DR99~",
            "SV1*HC:G04",
            "*UN*0*",
            "Q7701~",
            "SBR*S*",
        ] {
            assert!(summit.contains(part), "{part}");
        }
        let unnamed = |s: &str| s.starts_with("NM1*IL") && s.split('*').count() < 9;
        assert!(summit.split("~\n").any(unnamed), "no member id");
        let behind_sbr_s = summit.split("SBR*S*").skip(1).filter_map(|loops| loops.split("~\n").nth(2));
        assert!(behind_sbr_s.clone().any(unnamed) && !behind_sbr_s.clone().all(unnamed), "no member id of the second");
        // The last three columns: Payer 2, Member ID 2, Relationship 2.
        let second =
            |row: &&str| ["Self", "Spouse", "Child"].iter().any(|relation| row.ends_with(&format!(",{relation}")));
        let mut ids = maple.split("\r\n").filter(second).map(|row| row.rsplit(',').nth(1).unwrap());
        assert!(ids.any(str::is_empty), "no member id 2");
        for own in ["QQ7", "OLD1", "NV1", "EV1"] {
            let sent = with(&cedar, "FT1|", 7, &|code| code == own) * with(&harbor, "FT1|", 6, &|code| code == own);
            assert!(sent > 0 && maple.contains(&format!(",{own},")), "{own}");
        }
        for hl7 in [&cedar, &harbor] {
            for event in ["SIU^S12", "SIU^S13", "SIU^S14", "SIU^S15", "SIU^S26"] {
                assert!(hl7.contains(event), "{event}");
            }
        }
        for export in [&maple, &summit] {
            for status in [",Scheduled,", ",Completed,", ",Cancelled,", ",No Show,", ",Rescheduled,", ",POSTOP,"] {
                assert!(export.contains(status), "{status}");
            }
        }
    }
}

#[test]
fn the_counts_of_an_interchange_are_right() {
    for file in files(3, 1).iter().filter(|file| file.path.ends_with(".837")) {
        let segments: Vec<&str> = file.text.split_terminator("~\n").collect();
        assert_eq!(segments[0].len(), 105);
        let (from, to) = (2, segments.len() - 2);
        let se: Vec<&str> = segments[to - 1].split('*').collect();
        assert_eq!(se[1].parse::<usize>().unwrap(), to - from);
        assert_eq!(segments[2].split('*').nth(2), Some(se[2]));
        let levels: Vec<&str> =
            segments.iter().filter(|s| s.starts_with("HL*")).map(|s| s.split('*').nth(1).unwrap()).collect();
        assert!(levels.iter().enumerate().all(|(at, level)| (at + 1).to_string() == **level));
    }
}

#[test]
fn csv_rows_have_the_columns_of_their_header() {
    // Tables of codes have title rows.
    let written = files(4, 1);
    for file in written.iter().filter(|file| file.path.ends_with(".csv") && !file.path.starts_with("codes/")) {
        let columns =
            |line: &str| line.split('"').step_by(2).map(|outside| outside.matches(',').count()).sum::<usize>();
        let mut lines = file.text.split_terminator("\r\n");
        let head = columns(lines.next().unwrap());
        assert!(lines.all(|line| columns(line) == head), "{}", file.path);
    }
}
