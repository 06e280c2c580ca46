use futures_util::TryStreamExt;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection as _, Error, Executor, Row};

use crate::{ACCOUNTS, STATEMENTS};

pub struct Connection {
    number: i32,
    connection: PgConnection,
}

impl crate::Client for Connection {
    async fn connect(number: i32) -> Self {
        let mut options = PgConnectOptions::new();
        if number % 4 == 3 {
            options = options.statement_cache_capacity(3);
        }
        Connection { number, connection: PgConnection::connect_with(&options).await.unwrap() }
    }

    async fn round(&mut self, round: i32) {
        self.statements(round).await;
        self.transaction(round).await.unwrap();
        self.failure(round).await;
        self.rows(round).await;
        self.copy(round).await.unwrap();
        if round % 4 == 3 {
            self.connection.clear_cached_statements().await.unwrap();
        }
    }

    async fn close(self) {
        self.connection.close().await.unwrap();
    }
}

fn expect<T>(code: &str, result: Result<T, Error>) {
    let error = result.err().unwrap();
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), code);
}

impl Connection {
    async fn statements(&mut self, round: i32) {
        for i in 0..STATEMENTS {
            let sql = format!("SELECT $1::int + {i}, $2::text");
            let name = format!("of {}", self.number);
            let row: (i32, String) =
                sqlx::query_as(&sql).bind(round).bind(&name).fetch_one(&mut self.connection).await.unwrap();
            assert_eq!(row, (round + i, name));
        }
        let array: Vec<i32> = sqlx::query_scalar("SELECT $1::int[]")
            .bind(vec![round, self.number])
            .fetch_one(&mut self.connection)
            .await
            .unwrap();
        assert_eq!(array, [round, self.number]);
    }

    async fn transaction(&mut self, round: i32) -> Result<(), Error> {
        let source = 1 + (self.number + round) % (ACCOUNTS - 1);
        let add = "UPDATE account SET balance = balance + $1 WHERE id = $2";
        let mut outer = self.connection.begin().await?;
        assert_eq!(sqlx::query(add).bind(-5i64).bind(source).execute(&mut *outer).await?.rows_affected(), 1);
        let mut inner = outer.begin().await?;
        expect("22012", sqlx::query("SELECT 10 / $1::int").bind(0).execute(&mut *inner).await);
        inner.rollback().await?;
        assert_eq!(sqlx::query(add).bind(5i64).bind(source + 1).execute(&mut *outer).await?.rows_affected(), 1);
        if round % 3 == 0 { outer.rollback().await } else { outer.commit().await }
    }

    async fn failure(&mut self, round: i32) {
        expect("22012", sqlx::query("SELECT 10 / $1::int").bind(0).execute(&mut self.connection).await);
        expect("42P01", sqlx::query("SELECT $1::int FROM nowhere").bind(1).execute(&mut self.connection).await);
        let answer: i32 = sqlx::query_scalar("SELECT 1000 / $1::int")
            .bind(round + 1)
            .fetch_one(&mut self.connection)
            .await
            .unwrap();
        assert_eq!(answer, 1000 / (round + 1));
    }

    async fn rows(&mut self, round: i32) {
        let rows: Vec<i32> = sqlx::query("SELECT generate_series($1::int, $2::int)")
            .bind(round)
            .bind(round + 99)
            .fetch(&mut self.connection)
            .map_ok(|row| row.get::<i32, _>(0))
            .try_collect()
            .await
            .unwrap();
        assert_eq!(rows, (round..round + 100).collect::<Vec<_>>());
    }

    async fn copy(&mut self, round: i32) -> Result<(), Error> {
        let mut transaction = self.connection.begin().await?;
        transaction.execute("CREATE TEMP TABLE copied (n int) ON COMMIT DROP").await?;
        let lines: String = (round..round + 100).map(|n| format!("{n}\n")).collect();
        let mut copy = transaction.copy_in_raw("COPY copied FROM STDIN").await?;
        copy.send(lines.as_bytes()).await?;
        assert_eq!(copy.finish().await?, 100);
        let out: Vec<_> = transaction.copy_out_raw("COPY copied TO STDOUT").await?.try_collect().await?;
        assert_eq!(out.concat(), lines.into_bytes());
        transaction.commit().await
    }
}
