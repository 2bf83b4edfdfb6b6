// Command ferretdb serves MongoDB's protocol from SQLite files, so that the API's tests have a
// real server on a machine that has neither mongod nor a container engine.
//
// It is an embedding of FerretDB, with no more settings than the tests use. It logs errors only,
// reports nothing to anyone and writes nothing outside its data directory.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

// options are the command line's flags.
type options struct {
	listen      string
	data        string
	certificate string
	key         string
	authority   string
}

func main() {
	options, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "ferretdb: %v\n", err)
		os.Exit(2)
	}
	if err := serve(options); err != nil {
		fmt.Fprintf(os.Stderr, "ferretdb: %v\n", err)
		os.Exit(1)
	}
}

// parse reads the flags and refuses those that make no sense together.
func parse(arguments []string) (options, error) {
	var parsed options
	flags := flag.NewFlagSet("ferretdb", flag.ContinueOnError)
	// The flag package prints its whole usage after each mistake; main prints one line instead.
	flags.SetOutput(io.Discard)
	flags.StringVar(&parsed.listen, "listen", "127.0.0.1:27017", "`address` to listen on")
	flags.StringVar(&parsed.data, "data", "", "existing `directory` that keeps the data (required)")
	flags.StringVar(&parsed.certificate, "tls-certificate", "", "PEM `file` of the server's certificate: serve TLS only")
	flags.StringVar(&parsed.key, "tls-key", "", "PEM `file` of that certificate's key")
	flags.StringVar(&parsed.authority, "tls-ca", "", "PEM `file` of the authority that clients' certificates must be of")

	if err := flags.Parse(arguments); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(os.Stdout)
			flags.PrintDefaults()
		}
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("unexpected argument %q: everything is set by flags (see -help)", flags.Arg(0))
	}
	if _, _, err := net.SplitHostPort(parsed.listen); err != nil {
		return options{}, fmt.Errorf("-listen %q is not host:port", parsed.listen)
	}
	if parsed.data == "" {
		return options{}, errors.New("-data is missing: name an existing directory for the data")
	}
	information, err := os.Stat(parsed.data)
	if err != nil || !information.IsDir() {
		return options{}, fmt.Errorf("-data %q is not an existing directory", parsed.data)
	}
	if (parsed.certificate == "") != (parsed.key == "") {
		return options{}, errors.New("-tls-certificate and -tls-key go together: one of them is missing")
	}
	if parsed.authority != "" && parsed.certificate == "" {
		return options{}, errors.New("-tls-ca needs -tls-certificate and -tls-key")
	}
	return parsed, nil
}

// serve runs the server until a signal ends the process.
func serve(options options) error {
	for _, file := range []*string{&options.certificate, &options.key, &options.authority} {
		if *file == "" {
			continue
		}
		absolute, err := filepath.Abs(*file)
		if err != nil {
			return err
		}
		*file = absolute
	}
	// FerretDB takes the directory as a URI and gives it to SQLite unescaped, so a directory with,
	// say, a question mark in its name has to go by another name.
	if err := os.Chdir(options.data); err != nil {
		return err
	}

	listener := ferretdb.ListenerConfig{TCP: options.listen}
	if options.certificate != "" {
		listener = ferretdb.ListenerConfig{
			TLS:         options.listen,
			TLSCertFile: options.certificate,
			TLSKeyFile:  options.key,
			TLSCAFile:   options.authority,
		}
	}
	server, err := ferretdb.New(&ferretdb.Config{
		Listener: listener,
		Logger:   slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Handler:  "sqlite",
		// The data has to outlive the process, which the tests kill, and not the machine: what was
		// written is in the system's page cache by then, so waiting for the disk buys nothing.
		SQLiteURL: "file:./?_pragma=synchronous(off)",
	})
	if err != nil {
		return err
	}

	// A cancelled context would let open connections linger for seconds. SQLite's files are safe
	// against a sudden end, so the process ends at once.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		<-signals
		os.Exit(0)
	}()

	// The socket is bound since New, so clients may connect now.
	fmt.Println("listening on", options.listen)
	return server.Run(context.Background())
}
