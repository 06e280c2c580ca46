// Applications with Go's drivers: drivers pgx | pq | console.
package main

import (
	"bufio"
	"fmt"
	"os"
	"reflect"
	"sync"
	"sync/atomic"
)

const (
	clients    = 20
	rounds     = 6
	statements = 12
	accounts   = 50
)

// client is one connection and what it is used for.
type client interface {
	round(number int)
	close()
}

func equal(actual, expected any) {
	if !reflect.DeepEqual(actual, expected) {
		panic(fmt.Sprintf("%#v, not %#v", actual, expected))
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

// run goes through the rounds, through a handover under this load, and through the same rounds again.
func run(connect func(number int) client) {
	var halfWay, finished sync.WaitGroup
	var handedOver atomic.Bool
	halfWay.Add(clients)
	for number := 0; number < clients; number++ {
		finished.Go(func() {
			defer func() {
				if failure := recover(); failure != nil {
					fmt.Printf("client %d: %v\n", number, failure)
					os.Exit(1)
				}
			}()
			c := connect(number)
			round := 0
			for ; round < rounds; round++ {
				c.round(round)
			}
			halfWay.Done()
			for ; !handedOver.Load(); round++ {
				c.round(round)
			}
			for last := round + rounds; round < last; round++ {
				c.round(round)
			}
			c.close()
		})
	}
	halfWay.Wait()
	fmt.Println("half way")
	equal(must(bufio.NewReader(os.Stdin).ReadString('\n')), "go on\n")
	handedOver.Store(true)
	finished.Wait()
	fmt.Println("done")
}

func main() {
	switch os.Args[1] {
	case "pgx":
		run(connectPgx)
	case "pq":
		run(connectPq)
	case "console":
		run(connectConsole)
	default:
		panic("unknown driver " + os.Args[1])
	}
}
