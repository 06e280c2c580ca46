package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// modes are all ways in which pgx runs a query; the first is its default. The clients have them in turn.
var modes = []pgx.QueryExecMode{
	pgx.QueryExecModeCacheStatement,
	pgx.QueryExecModeCacheDescribe,
	pgx.QueryExecModeDescribeExec,
	pgx.QueryExecModeExec,
	pgx.QueryExecModeSimpleProtocol,
}

type pgxClient struct {
	number int
	mode   pgx.QueryExecMode
	conn   *pgx.Conn
	ctx    context.Context
}

func connectPgx(number int) client {
	config := must(pgx.ParseConfig(""))
	config.DefaultQueryExecMode = modes[number%len(modes)]
	if number >= 15 {
		config.StatementCacheCapacity = 3
		config.DescriptionCacheCapacity = 3
	}
	ctx := context.Background()
	return &pgxClient{number, config.DefaultQueryExecMode, must(pgx.ConnectConfig(ctx, config)), ctx}
}

func (c *pgxClient) round(round int) {
	defer func() {
		if failure := recover(); failure != nil {
			panic(fmt.Sprintf("%v in round %d: %v", c.mode, round, failure))
		}
	}()
	c.statements(round)
	c.transaction(round)
	c.failure(round)
	c.batch(round)
	c.failingBatch(round)
	c.pipeline(round)
	c.copyFrom(round)
	c.prepared(round)
	if round%4 == 3 {
		check(c.conn.DeallocateAll(c.ctx))
	}
	if round == 2 {
		c.cancelled()
	}
}

func (c *pgxClient) value(sql string, values ...any) int {
	var value int
	check(c.conn.QueryRow(c.ctx, sql, values...).Scan(&value))
	return value
}

func (c *pgxClient) statements(round int) {
	for i := 0; i < statements; i++ {
		var n int
		var name string
		check(c.conn.QueryRow(c.ctx, fmt.Sprintf("SELECT $1::int + %d, $2::text", i), round, fmt.Sprint("of ", c.number)).
			Scan(&n, &name))
		equal(n, round+i)
		equal(name, fmt.Sprint("of ", c.number))
	}
	rows := must(c.conn.Query(c.ctx, "SELECT generate_series($1::int, $2::int)", round, round+99))
	numbers := must(pgx.CollectRows(rows, pgx.RowTo[int]))
	equal(len(numbers), 100)
	equal(numbers[99], round+99)
}

func (c *pgxClient) transaction(round int) {
	source := 1 + (c.number+round)%(accounts-1)
	add := "UPDATE account SET balance = balance + $1 WHERE id = $2"
	tx := must(c.conn.Begin(c.ctx))
	equal(must(tx.Exec(c.ctx, add, -5, source)).RowsAffected(), int64(1))
	savepoint := must(tx.Begin(c.ctx))
	equal(must(savepoint.Exec(c.ctx, add, -1, source)).RowsAffected(), int64(1))
	c.expect("22012", savepoint.QueryRow(c.ctx, "SELECT 10 / $1::int", 0).Scan(new(int)))
	check(savepoint.Rollback(c.ctx))
	equal(must(tx.Exec(c.ctx, add, 5, source+1)).RowsAffected(), int64(1))
	if round%3 == 0 {
		check(tx.Rollback(c.ctx))
	} else {
		check(tx.Commit(c.ctx))
	}
}

func (c *pgxClient) expect(code string, err error) {
	var failure *pgconn.PgError
	if !errors.As(err, &failure) {
		panic(fmt.Sprintf("%v, not %s", err, code))
	}
	equal(failure.Code, code)
}

func (c *pgxClient) failure(round int) {
	c.expect("22012", c.conn.QueryRow(c.ctx, "SELECT 10 / $1::int", 0).Scan(new(int)))
	c.expect("42P01", c.conn.QueryRow(c.ctx, "SELECT $1::int FROM nowhere", round).Scan(new(int)))
	equal(c.value("SELECT 10 / $1::int", 5), 2)
}

func (c *pgxClient) batch(round int) {
	var batch pgx.Batch
	for i := 0; i < 20; i++ {
		batch.Queue("INSERT INTO event (client, round, name) VALUES ($1, $2, $3)", c.number, round, fmt.Sprint("event ", i))
	}
	for i := 0; i < statements; i++ {
		batch.Queue(fmt.Sprintf("SELECT $1::int * %d", i), round)
	}
	results := c.conn.SendBatch(c.ctx, &batch)
	for i := 0; i < 20; i++ {
		equal(must(results.Exec()).RowsAffected(), int64(1))
	}
	for i := 0; i < statements; i++ {
		var n int
		check(results.QueryRow().Scan(&n))
		equal(n, round*i)
	}
	check(results.Close())
	equal(c.value("SELECT count(*) FROM event WHERE client = $1 AND round = $2", c.number, round), 20)
	equal(must(c.conn.Exec(c.ctx, "DELETE FROM event WHERE client = $1", c.number)).RowsAffected(), int64(20))
}

// A batch is one transaction: what came before the error is undone.
func (c *pgxClient) failingBatch(round int) {
	var batch pgx.Batch
	batch.Queue("INSERT INTO event (client, round, name) VALUES ($1, $2, 'undone')", c.number, round)
	batch.Queue("SELECT 10 / $1::int", 0)
	batch.Queue("SELECT $1::int + 1000", round)
	c.expect("22012", c.conn.SendBatch(c.ctx, &batch).Close())
	equal(c.value("SELECT count(*) FROM event WHERE client = $1", c.number), 0)
	equal(c.value("SELECT $1::int + 1000", round), round+1000)
}

// Several Syncs on their way at once, the second of three parts fails.
func (c *pgxClient) pipeline(round int) {
	name := fmt.Sprint("piped ", c.number)
	pipeline := c.conn.PgConn().StartPipeline(c.ctx)
	pipeline.SendPrepare(name, "SELECT $1::int", nil)
	check(pipeline.Sync())
	pipeline.SendQueryParams("SELECT 10 / $1::int", [][]byte{[]byte("0")}, nil, nil, nil)
	pipeline.SendQueryPrepared(name, [][]byte{[]byte("1")}, nil, nil)
	check(pipeline.Sync())
	pipeline.SendQueryPrepared(name, [][]byte{[]byte(fmt.Sprint(round))}, nil, nil)
	pipeline.SendDeallocate(name)
	check(pipeline.Sync())
	must(must(pipeline.GetResults()).(*pgconn.StatementDescription), nil)
	must(must(pipeline.GetResults()).(*pgconn.PipelineSync), nil)
	failed, err := pipeline.GetResults()
	if err == nil {
		err = failed.(*pgconn.ResultReader).Read().Err
	}
	c.expect("22012", err)
	must(must(pipeline.GetResults()).(*pgconn.PipelineSync), nil)
	result := must(pipeline.GetResults()).(*pgconn.ResultReader).Read()
	check(result.Err)
	equal(string(result.Rows[0][0]), fmt.Sprint(round))
	must(must(pipeline.GetResults()).(*pgconn.CloseComplete), nil)
	must(must(pipeline.GetResults()).(*pgconn.PipelineSync), nil)
	check(pipeline.Close())
}

func (c *pgxClient) copyFrom(round int) {
	rows := make([][]any, 100)
	for i := range rows {
		rows[i] = []any{c.number, round, fmt.Sprint("copied ", i)}
	}
	copied := must(c.conn.CopyFrom(c.ctx, pgx.Identifier{"event"}, []string{"client", "round", "name"}, pgx.CopyFromRows(rows)))
	equal(copied, int64(100))
	equal(must(c.conn.Exec(c.ctx, "DELETE FROM event WHERE client = $1", c.number)).RowsAffected(), int64(100))
}

func (c *pgxClient) prepared(round int) {
	must(c.conn.Prepare(c.ctx, "mine", fmt.Sprintf("SELECT $1::int + %d", c.number)))
	equal(c.value("mine", round), round+c.number)
	tx := must(c.conn.Begin(c.ctx))
	var n int
	check(tx.QueryRow(c.ctx, "mine", round).Scan(&n))
	equal(n, round+c.number)
	check(tx.Commit(c.ctx))
	check(c.conn.Deallocate(c.ctx, "mine"))
}

// The driver sends a cancel request, or closes the connection, when its time is over.
func (c *pgxClient) cancelled() {
	ctx, cancel := context.WithTimeout(c.ctx, 100*time.Millisecond)
	defer cancel()
	_, err := c.conn.Exec(ctx, "SELECT pg_sleep(30)")
	if err == nil {
		panic("no error")
	}
	if c.conn.IsClosed() {
		c.conn = must(pgx.ConnectConfig(c.ctx, c.conn.Config()))
	}
	equal(c.value("SELECT $1::int", 7), 7)
}

func (c *pgxClient) close() {
	check(c.conn.Close(c.ctx))
}
