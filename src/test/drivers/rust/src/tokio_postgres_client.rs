use std::pin::pin;

use futures_util::{SinkExt, TryStreamExt, future};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::{Client, Config, Error, NoTls, Statement, config::SslMode, error::SqlState};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{ACCOUNTS, STATEMENTS};

pub struct Connection {
    number: i32,
    client: Client,
    kept: Statement,
}

impl crate::Client for Connection {
    async fn connect(number: i32) -> Self {
        let variable = |name| std::env::var(name).unwrap();
        let mut config = Config::new();
        config
            .host(variable("PGHOST"))
            .port(variable("PGPORT").parse().unwrap())
            .user(variable("PGUSER"))
            .dbname(variable("PGDATABASE"));
        let client = match std::env::var("PGSSLROOTCERT") {
            Ok(authority) => {
                config.ssl_mode(SslMode::Require);
                let (client, connection) = config.connect(tls(&authority)).await.unwrap();
                tokio::spawn(connection);
                client
            }
            Err(_) => {
                let (client, connection) = config.connect(NoTls).await.unwrap();
                tokio::spawn(connection);
                client
            }
        };
        let kept = client.prepare("SELECT $1::int * 2").await.unwrap();
        Connection { number, client, kept }
    }

    async fn round(&mut self, round: i32) {
        self.statements(round).await;
        self.pipeline(round).await;
        self.transaction(round).await.unwrap();
        self.failure(round).await;
        self.portal(round).await.unwrap();
        self.copy(round).await.unwrap();
    }

    async fn close(self) {}
}

/// Checks the server's certificate.
fn tls(authority: &str) -> MakeRustlsConnect {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority).unwrap()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    MakeRustlsConnect::new(config)
}

fn expect<T>(state: SqlState, result: Result<T, Error>) {
    assert_eq!(result.err().unwrap().code(), Some(&state));
}

impl Connection {
    async fn statements(&self, round: i32) {
        let doubled: i32 = self.client.query_one(&self.kept, &[&round]).await.unwrap().get(0);
        assert_eq!(doubled, 2 * round);
        for i in 0..STATEMENTS {
            let name = format!("of {}", self.number);
            let sql = format!("SELECT $1::int + {i}, $2::text");
            let row = self.client.query_one(&sql, &[&round, &name]).await.unwrap();
            assert_eq!((row.get::<_, i32>(0), row.get::<_, String>(1)), (round + i, name));
        }
    }

    /// The driver sends at once what is awaited together.
    async fn pipeline(&self, round: i32) {
        let texts: Vec<_> = (0..STATEMENTS).map(|i| format!("SELECT $1::int * {i}")).collect();
        let answers = texts.iter().map(|sql| async move {
            self.client.query_one(sql, &[&round]).await.unwrap().get::<_, i32>(0)
        });
        let expected: Vec<_> = (0..STATEMENTS).map(|i| round * i).collect();
        assert_eq!(future::join_all(answers).await, expected);
    }

    async fn transaction(&mut self, round: i32) -> Result<(), Error> {
        let source = 1 + (self.number + round) % (ACCOUNTS - 1);
        let mut outer = self.client.transaction().await?;
        let add = outer.prepare("UPDATE account SET balance = balance + $1 WHERE id = $2").await?;
        assert_eq!(outer.execute(&add, &[&-5i64, &source]).await?, 1);
        let inner = outer.transaction().await?;
        expect(SqlState::DIVISION_BY_ZERO, inner.query("SELECT 10 / $1::int", &[&0]).await);
        inner.rollback().await?;
        assert_eq!(outer.execute(&add, &[&5i64, &(source + 1)]).await?, 1);
        if round % 3 == 0 { outer.rollback().await } else { outer.commit().await }
    }

    async fn failure(&self, round: i32) {
        expect(SqlState::DIVISION_BY_ZERO, self.client.query("SELECT 10 / $1::int", &[&0]).await);
        expect(SqlState::UNDEFINED_TABLE, self.client.query("SELECT $1::int FROM nowhere", &[&1]).await);
        let answer: i32 = self.client.query_one("SELECT 1000 / $1::int", &[&(round + 1)]).await.unwrap().get(0);
        assert_eq!(answer, 1000 / (round + 1));
    }

    async fn portal(&mut self, round: i32) -> Result<(), Error> {
        let transaction = self.client.transaction().await?;
        let portal = transaction.bind("SELECT generate_series($1::int, $2::int)", &[&round, &(round + 99)]).await?;
        let mut seen: Vec<i32> = Vec::new();
        loop {
            let rows = transaction.query_portal(&portal, 30).await?;
            seen.extend(rows.iter().map(|row| row.get::<_, i32>(0)));
            if rows.len() < 30 {
                break;
            }
        }
        assert_eq!(seen, (round..round + 100).collect::<Vec<_>>());
        transaction.commit().await
    }

    async fn copy(&mut self, round: i32) -> Result<(), Error> {
        let transaction = self.client.transaction().await?;
        transaction.batch_execute("CREATE TEMP TABLE copied (n int) ON COMMIT DROP").await?;
        let lines: String = (round..round + 100).map(|n| format!("{n}\n")).collect();
        let mut sink = pin!(transaction.copy_in("COPY copied FROM STDIN").await?);
        sink.send(std::io::Cursor::new(lines.clone().into_bytes())).await?;
        assert_eq!(sink.finish().await?, 100);
        let out: Vec<_> = transaction.copy_out("COPY copied TO STDOUT").await?.try_collect().await?;
        assert_eq!(out.concat(), lines.into_bytes());
        transaction.commit().await
    }
}
