package main

import (
	"context"
	"errors"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// consoleClient uses the admin console, in each way in which pgx runs a query.
type consoleClient struct {
	conn *pgx.Conn
	ctx  context.Context
}

func connectConsole(number int) client {
	config := must(pgx.ParseConfig("dbname=pgdoorman"))
	config.User = os.Getenv("CONSOLE_USER")
	config.Password = os.Getenv("CONSOLE_PASSWORD")
	config.DefaultQueryExecMode = modes[number%len(modes)]
	ctx := context.Background()
	return &consoleClient{must(pgx.ConnectConfig(ctx, config)), ctx}
}

func (c *consoleClient) round(int) {
	rows := must(c.conn.Query(c.ctx, "SHOW POOLS"))
	pools := must(pgx.CollectRows(rows, pgx.RowToMap))
	equal(len(pools), 2)
	equal(pools[0]["database"], "drivers")
	equal(pools[1]["database"], "single")

	var list string
	var items int32
	check(c.conn.QueryRow(c.ctx, "SHOW LISTS").Scan(&list, &items))
	equal(list, "databases")
	equal(items, int32(3))

	var kind string
	var entries, bytes int64
	check(c.conn.QueryRow(c.ctx, "SHOW INTERNER").Scan(&kind, &entries, &bytes))
	equal(kind, "named")

	_, err := c.conn.Exec(c.ctx, "SHOW POLS")
	var failure *pgconn.PgError
	if !errors.As(err, &failure) {
		panic("no error")
	}
	equal(failure.Hint, "Did you mean POOLS?")

	tx := must(c.conn.Begin(c.ctx))
	var version string
	check(tx.QueryRow(c.ctx, "SHOW VERSION").Scan(&version))
	check(tx.Commit(c.ctx))
}

func (c *consoleClient) close() {
	check(c.conn.Close(c.ctx))
}
