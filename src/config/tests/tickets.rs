//! Ticket systems that are known by kind.

use expect_test::expect;

use super::*;
use crate::adapters::secret::SecretPlace;

/// The example's first pattern, with tables of accounts before it.
const BEFORE: &str = "[[tickets]]\nsystem = \"zendesk\"\n";

fn with(accounts: &str) -> String {
    let bare = bare();
    assert!(bare.contains(BEFORE), "the example has no {BEFORE:?}");
    bare.replacen(BEFORE, &format!("{accounts}\n\n{BEFORE}"), 1)
}

#[track_caller]
fn check_all(accounts: &[&str], expected: &Expect) {
    let told: Vec<String> = accounts.iter().map(|account| told(&with(&format!("[[tickets]]\n{account}")))).collect();
    expected.assert_eq(&told.join("\n"));
}

#[test]
fn an_account_is_read() {
    let text = with(
        "[[tickets]]\nkind = \"zendesk\"\nsystem = \"help\"\nhost = \"harbor.zendesk.com\"\nclient = \"bellhop\"\n\
         token_env = \"ZENDESK_SECRET\"\nplan_field = \"plan\"\nwebhook_secret_file = \"hook\"\n\
         [[tickets]]\nkind = \"github\"\nsystem = \"code\"\nhost = \"github.com\"\naccount = \"harbor/router\"\n\
         [[tickets]]\nkind = \"rt\"\nhost = \"127.0.0.1:8089\"\napi = \"http://127.0.0.1:8089/rt/\"\ntoken_file = \"t\"\n\
         [[tickets]]\nkind = \"linear\"\nhost = \"linear.app\"\naccount = \"harbor\"\n[web]\nlisten = \"127.0.0.1:0\"\n",
    );
    let config = Config::parse("config.toml", &text).unwrap_or_else(|report| panic!("{report}"));
    let told = |it: &crate::adapters::tickets::Settings| format!("{} {:?} {} {}", it.name, it.kind, it.host, it.api);
    assert_eq!(
        config.tickets.iter().map(told).collect::<Vec<_>>(),
        [
            "help zendesk harbor.zendesk.com https://harbor.zendesk.com",
            "code github github.com https://api.github.com",
            "rt rt 127.0.0.1:8089 http://127.0.0.1:8089/rt",
            "linear linear linear.app ",
        ]
    );
    assert_eq!(config.tickets[0].token, Some(SecretPlace::Variable("ZENDESK_SECRET".to_owned())));
    assert_eq!(config.tickets[0].webhook, Some(SecretPlace::File("hook".into())));
    let ticket = |text: &str| config.procedure.ticket_in(text).map(|it| format!("{} {}", it.system, it.id));
    assert_eq!(ticket("https://github.com/harbor/router/issues/7").as_deref(), Some("code 7"));
    assert_eq!(ticket("https://github.com/evil/router/issues/7"), None);
    assert_eq!(ticket("https://linear.app/harbor/issue/ENG-12/x").as_deref(), Some("linear ENG-12"));
    assert_eq!(ticket("https://other.zendesk.com/agent/tickets/7").as_deref(), Some("zendesk 7"), "the pattern's");
}

#[test]
fn what_is_wrong_with_an_account_is_told() {
    check_all(
        &[
            "kind = \"zendsk\"\nhost = \"harbor.zendesk.com\"",
            "kind = \"zendesk\"",
            "kind = \"zendesk\"\nhost = \"https://harbor.zendesk.com/agent\"",
            "kind = \"zendesk\"\nhost = \"Harbor.zendesk.com\"\nlink = 'x(.)'",
            "kind = \"zendesk\"\nhost = \"h.test\"\napi = \"http://h.test\"\naccount = \"x\"",
            "kind = \"zendesk\"\nhost = \"h.test\"\ntoken_env = \"s3cr3t\"",
            "kind = \"zendesk\"\nhost = \"h.test\"\ntoken_env = \"A\"\ntoken_file = \"a\"",
            "kind = \"zendesk\"\nhost = \"h.test\"\ntoken = \"s3cr3t\"\napi_key = \"s3cr3t\"",
            "kind = \"zendesk\"\nhost = \"h.test\"\nwebhook_secret_env = \"A\"",
            "kind = \"zendesk\"\nhost = \"h.test\"\ntoken_file = \"\"\nplan_field = \" \"",
            "kind = \"github\"\nhost = \"github.com\"",
            "kind = \"github\"\nhost = \"github.com\"\naccount = \"../router\"",
            "kind = \"helpscout\"\nhost = \"secure.helpscout.net\"\ntoken_env = \"A\"",
            "kind = \"intercom\"\nhost = \"app.intercom.com\"\naccount = \"abc\"\ntoken_env = \"A\"\nclient = \"x\"",
            "kind = \"osticket\"\nhost = \"h.test\"\ntoken_env = \"A\"\nuser = \"x\"",
            "kind = \"rt\"\nhost = \"h.test\"\n[[tickets]]\nkind = \"zendesk\"\nsystem = \"rt\"\nhost = \"h.test\"",
            "system = \"own\"\nhost = \"h.test\"",
            "kind = \"zendesk\"\nhost = \"h.test\"\n[[tickets]]\nsystem = \"zendesk\"\nlink = 'x(.)'",
            "system = \"own\"\nlink = 'x(.)'\ntoken_env = \"A\"",
            "kind = \"rt\"\nhost = \"h.test\"\npoll = \"1m\"",
            "kind = \"rt\"\nhost = \"h.test\"\ntoken_env = \"A\"\nuser = \"b\"\npoll = \"10ms\"",
            "kind = \"rt\"\nhost = \"h.test\"\ntoken_env = \"A\"\nuser = \"b\"\ngroups = { manager = \"9\" }",
            "kind = \"rt\"\nhost = \"h.test\"\ntoken_env = \"A\"\nuser = \"b\"\nagents = { Mona = \"9\" }",
            "kind = \"zendesk\"\nhost = \"h.test\"\ntoken_env = \"A\"\nwebhook_secret_env = \"B\"",
            "kind = \"zendesk\"\nhost = \"h.test\"\n[web]\nlisten = \"8322\"\nport = 1",
            "",
        ],
        &expect![[r#"
            264: kind = "zendsk"
              tickets[0].kind: `kind` cannot be "zendsk"
              did you mean `zendesk`?

            263: [[tickets]]
              tickets[0].host: `host` is missing
              the host of its links: host = "harbor.zendesk.com"
            267: system = "zendesk"
              tickets[1].system: "zendesk" is an account, and this would link to tickets of others as its own
              delete this table, for the account knows its links, or give one of them another name

            265: host = "https://harbor.zendesk.com/agent"
              tickets[0].host: "https://harbor.zendesk.com/agent" is not a host
              write it in small letters, without https:// and path: "harbor.zendesk.com"
            268: system = "zendesk"
              tickets[1].system: "zendesk" is an account, and this would link to tickets of others as its own
              delete this table, for the account knows its links, or give one of them another name

            265: host = "Harbor.zendesk.com"
              tickets[0].host: "Harbor.zendesk.com" is not a host
              write it in small letters, without https:// and path: "harbor.zendesk.com"
            266: link = 'x(.)'
              tickets[0].link: `link` and `kind` exclude each other: a kind knows its links
              delete it, or delete `kind` and all that goes with it
            269: system = "zendesk"
              tickets[1].system: "zendesk" is an account, and this would link to tickets of others as its own
              delete this table, for the account knows its links, or give one of them another name

            266: api = "http://h.test"
              tickets[0].api: "http://h.test" is not an address the token may be sent to
              write https://…; http:// only for this machine: http://127.0.0.1:8321
            267: account = "x"
              tickets[0].account: Zendesk has no `account`
              delete it
            270: system = "zendesk"
              tickets[1].system: "zendesk" is an account, and this would link to tickets of others as its own
              delete this table, for the account knows its links, or give one of them another name

            266: token_env = "s3cr3t"
              tickets[0].token_env: not the name of a variable
              write the name of an environment variable, in capital letters, never the secret: "ZENDESK_TOKEN"
            269: system = "zendesk"
              tickets[1].system: "zendesk" is an account, and this would link to tickets of others as its own
              delete this table, for the account knows its links, or give one of them another name

            267: token_file = "a"
              tickets[0].token_file: `token_env` and `token_file` exclude each other
              delete one of them
            270: system = "zendesk"
              tickets[1].system: "zendesk" is an account, and this would link to tickets of others as its own
              delete this table, for the account knows its links, or give one of them another name

            266: token = "s3cr3t"
              tickets[0].token: a secret never goes into this file
              delete it here, say where it is instead (token_env or token_file, webhook_secret_env or webhook_secret_file), and make a new one if anyone has seen this file
            267: api_key = "s3cr3t"
              tickets[0].api_key: a secret never goes into this file
              delete it here, say where it is instead (token_env or token_file, webhook_secret_env or webhook_secret_file), and make a new one if anyone has seen this file
            270: system = "zendesk"
              tickets[1].system: "zendesk" is an account, and this would link to tickets of others as its own
              delete this table, for the account knows its links, or give one of them another name

            263: [[tickets]]
              tickets[0]: a webhook says which ticket to read, and there is no token to read it with
              add token_env or token_file
            263: [[tickets]]
              tickets[0]: nothing listens for its webhooks
              add a table: [web] listen = "127.0.0.1:8322"
            269: system = "zendesk"
              tickets[1].system: "zendesk" is an account, and this would link to tickets of others as its own
              delete this table, for the account knows its links, or give one of them another name

            266: token_file = ""
              tickets[0].token_file: an empty path
              write the path of a file, or delete the key
            267: plan_field = " "
              tickets[0].plan_field: not a name
              a name is one line of 1 to 80 characters
            270: system = "zendesk"
              tickets[1].system: "zendesk" is an account, and this would link to tickets of others as its own
              delete this table, for the account knows its links, or give one of them another name

            263: [[tickets]]
              tickets[0].account: `account` is missing
              for GitHub: the repository: "owner/name"

            266: account = "../router"
              tickets[0].account: "../router" is not a part of links
              copy it from a link, without slashes around it: "harbor/router"

            263: [[tickets]]
              tickets[0].client: `client` is missing
              for Help Scout: the App ID of an OAuth2 application, whose App Secret the token is

            263: [[tickets]]
              tickets[0].user: `user` is missing
              for Intercom: the id of the admin who writes the notes
            268: client = "x"
              tickets[0].client: Intercom has no `client`
              delete it

            266: token_env = "A"
              tickets[0].token_env: osTicket tickets are linked and not read, so there is no `token_env`
              delete it
            267: user = "x"
              tickets[0].user: osTicket tickets are linked and not read, so there is no `user`
              delete it

            266: [[tickets]]
              tickets[1]: there is an account "rt" already
              give each account a name of its own: system = "rt-2"

            263: [[tickets]]
              tickets[0].link: `link` is missing
              how its links look, as a regular expression with the ticket's id in a group
            265: host = "h.test"
              tickets[0].host: `host` is for systems that are known
              name one: kind = "zendesk"

            267: system = "zendesk"
              tickets[1].system: "zendesk" is an account, and this would link to tickets of others as its own
              delete this table, for the account knows its links, or give one of them another name
            271: system = "zendesk"
              tickets[2].system: "zendesk" is an account, and this would link to tickets of others as its own
              delete this table, for the account knows its links, or give one of them another name

            266: token_env = "A"
              tickets[0].token_env: `token_env` is for systems that are known
              name one: kind = "zendesk"

            266: poll = "1m"
              tickets[0].poll: an account is asked only with a token
              add token_env or token_file, or delete `poll`

            268: poll = "10ms"
              tickets[0].poll: "10ms" is no time at all
              the shortest duration is "1s"

            268: groups = { manager = "9" }
              tickets[0].groups.manager: there is no team "manager"
              did you mean `managers`?

            268: agents = { Mona = "9" }
              tickets[0].agents.Mona: "Mona" is not a Discord id
              switch on Developer Mode in Discord, right-click the channel, role or server, "Copy ID"

            263: [[tickets]]
              tickets[0]: nothing listens for its webhooks
              add a table: [web] listen = "127.0.0.1:8322"
            270: system = "zendesk"
              tickets[1].system: "zendesk" is an account, and this would link to tickets of others as its own
              delete this table, for the account knows its links, or give one of them another name

            267: listen = "8322"
              web.listen: "8322" is not an address with a port
              write an address of this machine and a port: "127.0.0.1:8322", or "0.0.0.0:8322" for all of them
            268: port = 1
              web.port: unknown key `port` in `web`
              choose from `client_secret_file`, `listen`, `session_key_file`, `token_file`, `token_teams`, `url`
            271: system = "zendesk"
              tickets[1].system: "zendesk" is an account, and this would link to tickets of others as its own
              delete this table, for the account knows its links, or give one of them another name

            263: [[tickets]]
              tickets[0].link: `link` is missing
              how its links look, as a regular expression with the ticket's id in a group
            263: [[tickets]]
              tickets[0].system: `system` is missing
              the ticket system's name: "zendesk"
        "#]],
    );
}

/// Links alone need nobody who signs in.
#[test]
fn an_account_without_a_token_is_linked() {
    check_all(
        &[
            "kind = \"helpscout\"\nhost = \"secure.helpscout.net\"",
            "kind = \"intercom\"\nhost = \"app.intercom.com\"\naccount = \"abc\"",
            "kind = \"servicenow\"\nhost = \"harbor.service-now.com\"",
        ],
        &expect![[r#"
            fine

            fine

            fine
        "#]],
    );
}
