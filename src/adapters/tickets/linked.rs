//! Systems whose links are recognised, and that is all.

use super::system::{Facts, NUMBER, Use};

pub(super) const SERVICENOW: Facts = Facts {
    name: "servicenow",
    title: "ServiceNow",
    id: "[0-9a-f]{32}",
    // The address may be wrapped into that of a frame, once or twice encoded.
    link: r"[^\s]*?(?:sys_id(?:=|%3D|%253D)|/record/[a-z_]+/)",
    account: Use::Never,
    interface: None,
};

pub(super) const SALESFORCE: Facts = Facts {
    name: "salesforce",
    title: "Salesforce",
    // Cases begin with 500; the last three characters of 18 are a checksum.
    id: "500[A-Za-z0-9]{15}|500[A-Za-z0-9]{12}",
    link: "(?:lightning/r/(?:Case/)?)?",
    account: Use::Never,
    interface: None,
};

/// Its interface only opens tickets.
pub(super) const OSTICKET: Facts = Facts {
    name: "osticket",
    title: "osTicket",
    id: NUMBER,
    link: r"(?:[\w.~-]+/)*scp/tickets\.php\?(?:[^\s#]*&)?id=",
    account: Use::Never,
    interface: None,
};

pub(super) const LINEAR: Facts = Facts {
    name: "linear",
    title: "Linear",
    id: r"[A-Z][A-Z0-9]{0,9}-[0-9]{1,9}",
    link: "{account}/issue/",
    account: Use::Needed("the workspace, as it stands in its links"),
    interface: None,
};
