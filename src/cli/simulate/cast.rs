//! Who is in a transcript, and what places and roles are called there.
//!
//! People and names are those of the sandbox. A config with ids of its own keeps them: its channels are called by the
//! ids of their teams (the first watched one `#support`), and whoever belongs to a team of the example belongs to the
//! config's team of the same id.

use std::collections::BTreeMap;

use crate::adapters::discord::Roles;
use crate::cli::EXAMPLE;
use crate::cli::simulate::chat::Names;
use crate::config::Config;
use crate::sandbox::World;
use crate::sop::escalation::Actor;
use crate::sop::message::Person;
use serenity::model::id::RoleId;
use serenity::model::user::User;

#[derive(Debug)]
pub(super) struct Cast {
    people: Vec<Member>,
    /// Threads as well.
    channels: BTreeMap<u64, String>,
    /// The channel that each thread hangs on.
    parents: BTreeMap<u64, u64>,
    roles: BTreeMap<u64, String>,
    standings: Roles,
}

#[derive(Debug)]
struct Member {
    id: u64,
    name: String,
    roles: Vec<u64>,
}

impl Cast {
    pub(super) fn new(config: &Config) -> Self {
        let world = World::example();
        let example: toml::Table = EXAMPLE.parse().expect("the built-in example is right");
        let example = example["teams"].as_array().into_iter().flatten();
        let team_of: BTreeMap<&str, &str> =
            example.filter_map(|team| Some((team["role"].as_str()?, team["id"].as_str()?))).collect();
        let teams = &config.procedure.teams;
        let role = |known: &u64| {
            let id = team_of.get(known.to_string().as_str())?;
            teams.iter().find(|team| team.id.0 == *id)?.group.parse().ok()
        };
        let mut people: Vec<Member> = world
            .members
            .iter()
            .map(|member| {
                let roles = member.roles.iter().filter_map(role).collect();
                Member { id: member.id, name: member.name.clone(), roles }
            })
            .collect();
        for person in &config.procedure.people {
            let id = person.id.as_str().parse().unwrap_or_default();
            if !people.iter().any(|known| known.id == id || known.name == person.name) {
                people.push(Member { id, name: person.name.clone(), roles: Vec::new() });
            }
        }
        let known =
            |id: u64| world.channels.iter().find(|channel| channel.id == id).map(|channel| channel.name.clone());
        let support = config.discord.watch.first().map(|id| (*id, "support".to_owned()));
        let places =
            teams.iter().rev().filter_map(|team| Some((team.place.as_str().parse().ok()?, team.id.to_string())));
        let channels = support.into_iter().chain(places).map(|(id, name)| (id, known(id).unwrap_or(name)));
        let channels = channels.collect();
        let mut roles: BTreeMap<u64, String> =
            teams.iter().filter_map(|team| Some((team.group.parse().ok()?, team.name.clone()))).collect();
        roles.extend(world.roles.iter().map(|role| (role.id, role.name.clone())));
        let parents = BTreeMap::new();
        Self { people, channels, parents, roles, standings: Roles::new(&config.discord.staff_roles, &config.procedure) }
    }

    /// The config is another now.
    pub(super) fn follow(&mut self, config: &Config) {
        let (threads, parents) = (std::mem::take(&mut self.channels), std::mem::take(&mut self.parents));
        *self = Self { parents, ..Self::new(config) };
        for (id, name) in threads {
            self.channels.entry(id).or_insert(name);
        }
    }

    pub(super) fn id(&self, name: &str) -> Result<u64, String> {
        let known = self.people.iter().find(|member| member.name == name).map(|member| member.id);
        known.ok_or_else(|| {
            let names: Vec<&str> = self.people.iter().map(|member| member.name.as_str()).collect();
            format!("nobody is called {name}: there are {}", names.join(", "))
        })
    }

    pub(super) fn place(&self, name: &str) -> Result<u64, String> {
        let known = self.channels.iter().find(|(_, known)| *known == name).map(|(id, _)| *id);
        known.ok_or_else(|| {
            let names: Vec<String> = self.channels.values().map(|name| format!("#{name}")).collect();
            format!("there is no #{name}: there are {}", names.join(", "))
        })
    }

    /// A thread gets a name; the first one stays.
    pub(super) fn open_thread(&mut self, parent: u64, thread: u64, name: &str) {
        self.channels.entry(thread).or_insert_with(|| name.to_owned());
        self.parents.insert(thread, parent);
    }

    pub(super) fn actor(&self, id: u64) -> Actor {
        self.standings.actor(&self.user(id), &self.roles_of(id))
    }

    pub(super) fn author(&self, id: u64) -> Person {
        self.actor(id).person
    }

    /// As Discord would name them in a command.
    pub(super) fn user(&self, id: u64) -> User {
        let mut user = User::default();
        user.id = id.into();
        user.name = self.person(id);
        user
    }

    pub(super) fn roles_of(&self, id: u64) -> Vec<RoleId> {
        let member = self.people.iter().find(|member| member.id == id);
        member.map(|member| member.roles.iter().copied().map(RoleId::new).collect()).unwrap_or_default()
    }

    pub(super) fn standings(&self) -> &Roles {
        &self.standings
    }

    /// Everybody with a role, by id.
    pub(super) fn members(&self, role: u64) -> impl Iterator<Item = u64> {
        self.people.iter().filter(move |member| member.roles.contains(&role)).map(|member| member.id)
    }
}

impl Names for Cast {
    fn person(&self, id: u64) -> String {
        let member = self.people.iter().find(|member| member.id == id);
        member.map_or_else(|| id.to_string(), |member| member.name.clone())
    }

    fn channel(&self, id: u64) -> String {
        self.channels.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    fn parent(&self, id: u64) -> Option<u64> {
        self.parents.get(&id).copied()
    }

    fn role(&self, id: u64) -> String {
        self.roles.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }
}
