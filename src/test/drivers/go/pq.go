package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/lib/pq"
)

type pqClient struct {
	number int
	db     *sql.DB
	kept   *sql.Stmt
}

func connectPq(number int) client {
	mode := os.Getenv("PGSSLMODE")
	if mode == "" {
		mode = "disable" // its default is to insist
	}
	db := must(sql.Open("postgres", "sslmode="+mode))
	db.SetMaxOpenConns(1)
	return &pqClient{number, db, must(db.Prepare("SELECT $1::int * 2"))}
}

func (c *pqClient) round(round int) {
	defer func() {
		if failure := recover(); failure != nil {
			panic(fmt.Sprintf("round %d: %v", round, failure))
		}
	}()
	c.statements(round)
	c.transaction(round)
	c.failure(round)
	c.copyIn(round)
}

func (c *pqClient) statements(round int) {
	var n int
	check(c.kept.QueryRow(round).Scan(&n))
	equal(n, 2*round)
	for i := 0; i < statements; i++ {
		var name string
		check(c.db.QueryRow(fmt.Sprintf("SELECT $1::int + %d, $2::text", i), round, fmt.Sprint("of ", c.number)).Scan(&n, &name))
		equal(n, round+i)
		equal(name, fmt.Sprint("of ", c.number))
	}
	var numbers []int64
	check(c.db.QueryRow("SELECT $1::int[]", pq.Array([]int{round, c.number})).Scan(pq.Array(&numbers)))
	equal(numbers, []int64{int64(round), int64(c.number)})
}

func (c *pqClient) transaction(round int) {
	source := 1 + (c.number+round)%(accounts-1)
	tx := must(c.db.BeginTx(context.Background(), nil))
	add := must(tx.Prepare("UPDATE account SET balance = balance + $1 WHERE id = $2"))
	equal(must(must(add.Exec(-5, source)).RowsAffected()), int64(1))
	var n int
	check(tx.QueryRow("SELECT $1::int", round).Scan(&n)) // unnamed among named ones
	equal(n, round)
	equal(must(must(add.Exec(5, source+1)).RowsAffected()), int64(1))
	check(add.Close())
	if round%3 == 0 {
		check(tx.Rollback())
	} else {
		check(tx.Commit())
	}
}

func (c *pqClient) failure(round int) {
	c.expect("22012", c.db.QueryRow("SELECT 10 / $1::int", 0).Scan(new(int)))
	c.expect("42P01", c.db.QueryRow("SELECT $1::int FROM nowhere", round).Scan(new(int)))
	var n int
	check(c.db.QueryRow("SELECT 10 / $1::int", 5).Scan(&n))
	equal(n, 2)
	tx := must(c.db.Begin())
	c.expect("22012", tx.QueryRow("SELECT 10 / $1::int", 0).Scan(new(int)))
	c.expect("25P02", tx.QueryRow("SELECT $1::int", 1).Scan(new(int)))
	check(tx.Rollback())
}

func (c *pqClient) expect(code pq.ErrorCode, err error) {
	var failure *pq.Error
	if !errors.As(err, &failure) {
		panic(fmt.Sprintf("%v, not %s", err, code))
	}
	equal(failure.Code, code)
}

func (c *pqClient) copyIn(round int) {
	tx := must(c.db.Begin())
	copying := must(tx.Prepare(pq.CopyIn("event", "client", "round", "name")))
	for i := 0; i < 100; i++ {
		must(copying.Exec(c.number, round, fmt.Sprint("copied ", i)))
	}
	must(copying.Exec())
	check(copying.Close())
	equal(must(must(tx.Exec("DELETE FROM event WHERE client = $1", c.number)).RowsAffected()), int64(100))
	check(tx.Commit())
}

func (c *pqClient) close() {
	check(c.kept.Close())
	check(c.db.Close())
}
