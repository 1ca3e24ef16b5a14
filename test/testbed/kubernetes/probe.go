// Probe is what runs in the pods of tests of the cluster itself: no image with a shell is at hand without a registry.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const account = "/var/run/secrets/kubernetes.io/serviceaccount/"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch strings.Join(args[:min(1, len(args))], "") {
	case "serve":
		return serve()
	case "get":
		return get(args[1])
	case "read":
		content, err := os.ReadFile(args[1])
		if err == nil {
			_, err = os.Stdout.Write(content)
		}
		return err
	case "write":
		return os.WriteFile(args[1], []byte(args[2]), 0o644)
	case "open":
		file, err := os.OpenFile(args[1], os.O_RDWR, 0)
		if err == nil {
			err = file.Close()
		}
		return err
	case "link":
		target, err := os.Readlink(args[1])
		fmt.Println(target)
		return err
	case "mount":
		return mount(args[1])
	}
	return fmt.Errorf("probe serve | get URL | read FILE | write FILE TEXT | open FILE | link FILE | mount DIRECTORY")
}

// serve says that it is up, and answers every request.
func serve() error {
	fmt.Println("probe: up")
	name, _ := os.Hostname()
	return http.ListenAndServe(":8080", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s to %s\n", name, r.RemoteAddr)
	}))
}

// get asks as the pod's service account and prints the status and the body.
func get(url string) error {
	config := &tls.Config{}
	if authority, err := os.ReadFile(account + "ca.crt"); err == nil {
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(authority)
	}
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: config}}
	request, err := http.NewRequest("GET", url, nil)
	if err != nil {
		return err
	}
	if token, err := os.ReadFile(account + "token"); err == nil && strings.HasPrefix(url, "https:") {
		request.Header.Set("Authorization", "Bearer "+string(token))
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	fmt.Println(response.StatusCode)
	_, err = io.Copy(os.Stdout, response.Body)
	return err
}

// mount puts an empty file system on a directory, which it makes, and a file into it.
func mount(directory string) error {
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	if err := syscall.Mount("probe", directory, "tmpfs", 0, ""); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(directory, "mounted"), []byte("by a pod\n"), 0o644)
}
