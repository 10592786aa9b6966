//! Which links are whose, and which are nobody's.

use expect_test::expect;

use crate::adapters::tickets::Facts;

fn found(kind: &str, host: &str, account: Option<&str>, text: &str) -> String {
    let facts = Facts::of(kind).expect("a system that is known");
    let id = facts.links(host, account).captures(text).map(|found| found[1].to_owned());
    format!("{kind}: {}\n", id.as_deref().unwrap_or("-"))
}

#[test]
fn links_name_tickets() {
    let record = format!("/now/sow/record/incident/{}", "0a".repeat(16));
    let wrapped = format!("/nav_to.do?uri=%2Fincident.do%3Fsys_id%3D{}", "0a".repeat(16));
    let all = [
        ("zendesk", "h.test", None, "see https://h.test/agent/tickets/42, please"),
        ("zendesk", "h.test", None, "https://h.test/hc/en-us/requests/42?page=1"),
        ("zendesk", "h.test", None, "<https://h.test/tickets/42>"),
        ("freshdesk", "h.test", None, "https://h.test/helpdesk/tickets/42"),
        ("freshdesk", "h.test", None, "https://h.test/support/tickets/42"),
        ("intercom", "app.intercom.com", Some("abc"), "https://app.intercom.com/a/apps/abc/conversations/7"),
        ("jira", "h.test", None, "https://h.test/browse/SUP-42?filter=1"),
        ("jira", "h.test", None, "https://h.test/servicedesk/customer/portal/3/SUP-42"),
        ("jira", "h.test", None, "https://h.test/jira/software/projects/SUP/boards/1?a=b&selectedIssue=SUP-42"),
        ("helpscout", "h.test", None, "https://h.test/conversation/2391938111/349"),
        ("hubspot", "h.test", Some("62515"), "https://h.test/help-desk/62515/view/1/ticket/123"),
        ("front", "h.test", None, "https://h.test/open/cnv_55c8"),
        ("rt", "127.0.0.1:8089", None, "http://127.0.0.1:8089/Ticket/Display.html?id=7"),
        ("rt", "h.test", None, "https://h.test/rt/Ticket/Update.html?Action=Respond&id=7"),
        ("redmine", "h.test", None, "https://h.test/redmine/issues/7#note-3"),
        ("gitlab", "h.test", Some("a/b/c"), "https://h.test/a/b/c/-/work_items/7"),
        ("servicenow", "h.test", None, &format!("https://h.test{record}")),
        ("servicenow", "h.test", None, &format!("https://h.test{wrapped}")),
        ("salesforce", "h.test", None, "https://h.test/lightning/r/Case/5003000000D8cuIAAR/view"),
        ("salesforce", "h.test", None, "https://h.test/5003000000D8cuI"),
        ("osticket", "h.test", None, "https://h.test/help/scp/tickets.php?a=1&id=9"),
        ("linear", "linear.app", Some("harbor"), "https://linear.app/harbor/issue/ENG-12/router-drops"),
    ];
    let told: String = all.iter().map(|(kind, host, account, text)| found(kind, host, *account, text)).collect();
    expect![[r#"
        zendesk: 42
        zendesk: 42
        zendesk: 42
        freshdesk: 42
        freshdesk: 42
        intercom: 7
        jira: SUP-42
        jira: SUP-42
        jira: SUP-42
        helpscout: 2391938111
        hubspot: 123
        front: cnv_55c8
        rt: 7
        rt: 7
        redmine: 7
        gitlab: 7
        servicenow: 0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a
        servicenow: 0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a
        salesforce: 5003000000D8cuIAAR
        salesforce: 5003000000D8cuI
        osticket: 9
        linear: ENG-12
    "#]]
    .assert_eq(&told);
}

#[test]
fn others_name_none() {
    let all = [
        ("zendesk", "h.test", None, "https://h.test.evil.example/agent/tickets/42"),
        ("zendesk", "h.test", None, "https://h.test@evil.example/agent/tickets/42"),
        ("zendesk", "h.test", None, "https://hxtest/agent/tickets/42"),
        ("zendesk", "h.test", None, "https://h.test/agent/tickets/42abc"),
        ("zendesk", "h.test", None, "https://h.test/agent/tickets/"),
        ("zendesk", "h.test", None, "https://h.test/agent/tickets/0"),
        ("zendesk", "h.test", None, "https://h.test/agent/tickets/99999999999999999999"),
        ("github", "github.com", Some("harbor/router"), "https://github.com/evil/router/issues/1"),
        ("github", "github.com", Some("harbor/router"), "https://github.com/harbor/router/pull/1"),
        ("hubspot", "h.test", Some("62515"), "https://h.test/contacts/1/ticket/123"),
        ("jira", "h.test", None, "https://h.test/browse/sup-42"),
        ("servicenow", "h.test", None, "https://h.test/incident.do?sys_id=42"),
        ("salesforce", "h.test", None, "https://h.test/lightning/r/Account/0013000000D8cuI/view"),
    ];
    for (kind, host, account, text) in all {
        assert_eq!(found(kind, host, account, text), format!("{kind}: -\n"), "{text}");
    }
}

#[test]
fn an_id_can_stand_in_a_path() {
    for case in super::CASES {
        let account = case.account("http://127.0.0.1:9", super::kit::HASTE);
        for text in ["", "../42", "42/../7", "42?x=1", "42#x", "4 2", "%34", "42\n", "4\u{0662}", "-1"] {
            let id = account.ticket_id(text);
            let is_clean = |id: &str| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
            assert!(id.as_ref().is_none_or(|id| is_clean(id.as_str())), "{}: {text:?}: {id:?}", case.kind);
            assert!(id.is_none() || text.trim() == "42", "{}: {text:?}", case.kind);
        }
    }
}
