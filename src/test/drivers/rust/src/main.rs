//! Applications with Rust's drivers: drivers tokio-postgres | sqlx.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::Barrier;

mod sqlx_client;
mod tokio_postgres_client;

pub const CLIENTS: i32 = 20;
pub const ROUNDS: i32 = 6;
pub const STATEMENTS: i32 = 12;
pub const ACCOUNTS: i32 = 50;

/// One connection and what it is used for.
pub trait Client: Send + Sized + 'static {
    fn connect(number: i32) -> impl Future<Output = Self> + Send;
    fn round(&mut self, round: i32) -> impl Future<Output = ()> + Send;
    fn close(self) -> impl Future<Output = ()> + Send;
}

/// Goes through the rounds, through a handover under this load, and through the same rounds again.
async fn run<C: Client>() {
    let half_way = Arc::new(Barrier::new(CLIENTS as usize + 1));
    let handed_over = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let half_way = half_way.clone();
            let handed_over = handed_over.clone();
            tokio::spawn(async move {
                let mut client = C::connect(number).await;
                let mut round = 0;
                while round < ROUNDS {
                    client.round(round).await;
                    round += 1;
                }
                half_way.wait().await;
                while !handed_over.load(Ordering::Relaxed) {
                    client.round(round).await;
                    round += 1;
                }
                for more in 0..ROUNDS {
                    client.round(round + more).await;
                }
                client.close().await;
            })
        })
        .collect();
    half_way.wait().await;
    println!("half way");
    let mut line = String::new();
    BufReader::new(tokio::io::stdin()).read_line(&mut line).await.unwrap();
    assert_eq!(line, "go on\n");
    handed_over.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    println!("done");
}

#[tokio::main]
async fn main() {
    std::panic::set_hook(Box::new(|failure| {
        println!("{failure}");
        std::process::exit(1);
    }));
    match std::env::args().nth(1).as_deref() {
        Some("tokio-postgres") => run::<tokio_postgres_client::Connection>().await,
        Some("sqlx") => run::<sqlx_client::Connection>().await,
        other => panic!("unknown driver {other:?}"),
    }
}
