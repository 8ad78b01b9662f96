//! A part of the crowd: a process of its own, for one process may open 20 000 files here and there.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::rest::Person;
use crate::silent;

/// Which connections it opens, of whom and where.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// The people, as `write` wrote them.
    #[arg(long)]
    people: PathBuf,
    /// How many connections each of them has.
    #[arg(long)]
    each: usize,
    /// The number of the first connection.
    #[arg(long)]
    first: usize,
    /// How many connections.
    #[arg(long)]
    count: usize,
    /// The nodes, which take turns.
    #[arg(long, value_delimiter = ',')]
    nodes: Vec<SocketAddr>,
}

/// Whose connection that is: those of a person follow each other.
pub(super) fn person(number: usize, each: usize) -> usize {
    number / each
}

/// Opens them, says so on standard output, and stays until it is killed or loses one.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let people = read(&options.people)?;
    let whose = |number: usize| {
        let node = options.nodes[number % options.nodes.len()];
        (node, people[person(number, options.each)].clone())
    };
    let numbers = options.first..options.first + options.count;
    let mut silent = silent::connect(numbers, whose).await?;
    println!("connected");
    match silent.join_next().await {
        Some(ended) => ended?.context("a connection was lost"),
        None => Ok(()),
    }
}

/// Notes the people for the parts.
pub(super) fn write(people: &[Person], path: &Path) -> Result<()> {
    let lines = people.iter().map(|person| format!("{} {}\n", person.id, person.token));
    std::fs::write(path, lines.collect::<String>()).context("the people cannot be noted")
}

fn read(path: &Path) -> Result<Vec<Person>> {
    let person = |line: &str| {
        let (id, token) = line.split_once(' ').context("not a person")?;
        Ok(Person { id: id.parse()?, token: token.to_owned() })
    };
    std::fs::read_to_string(path)?.lines().map(person).collect()
}

/// A part that runs.
pub(super) struct Part(Child);

impl Part {
    /// Starts it.
    pub(super) fn start(options: &Options) -> Result<Self> {
        let nodes: Vec<String> = options.nodes.iter().map(ToString::to_string).collect();
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("part").arg("--people").arg(&options.people);
        for (name, value) in
            [("--each", options.each), ("--first", options.first), ("--count", options.count)]
        {
            command.args([name, &value.to_string()]);
        }
        command.args(["--nodes", &nodes.join(",")]).stdout(Stdio::piped()).kill_on_drop(true);
        Ok(Self(command.spawn()?))
    }

    /// Waits until all its connections are open.
    pub(super) async fn connected(&mut self) -> Result<()> {
        let mut line = String::new();
        let output = self.0.stdout.as_mut().context("no output")?;
        BufReader::new(output).read_line(&mut line).await?;
        ensure!(line == "connected\n", "a part of the crowd could not connect");
        Ok(())
    }

    /// Whether none of its connections was lost.
    pub(super) fn stays(&mut self) -> Result<bool> {
        Ok(self.0.try_wait()?.is_none())
    }

    /// Ends it at once: no connection says goodbye.
    pub(super) async fn kill(mut self) -> Result<()> {
        self.0.kill().await.context("a part cannot be ended")
    }
}

impl Options {
    /// The equal parts of `connections`, of which each person has `each`.
    pub(super) fn split(
        connections: usize,
        parts: usize,
        (people, each): (&Path, usize),
        nodes: &[SocketAddr],
    ) -> Vec<Self> {
        let count = connections / parts;
        let part = |index| Self {
            people: people.to_owned(),
            each,
            first: index * count,
            count,
            nodes: nodes.to_vec(),
        };
        (0..parts).map(part).collect()
    }
}
