package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
)

// health is the answer of /healthz.
type health struct {
	App     string `json:"app"`
	Version string `json:"version"` // the release, as in RELEASE
	Source  string `json:"source"`  // what the code calls itself
	Node    string `json:"node"`
	Healthy bool   `json:"healthy"`
}

// newSite answers / with a greeting, /healthz with its health and /static/ with the release's files.
// Every answer names release and node in X-Version and X-Node.
func newSite(root, release string, s settings) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "%s from web-demo %s (%s, %s) on %s\n", s.Greeting, release, source, s.Colour, s.Node)
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if !healthy {
			w.WriteHeader(http.StatusInternalServerError)
		}
		_ = json.NewEncoder(w).Encode(health{App: "web-demo", Version: release, Source: source, Node: s.Node, Healthy: healthy})
	})
	mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServer(http.Dir(filepath.Join(root, "static")))))
	return signed(mux, release, s.Node)
}

func signed(next http.Handler, release, node string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Version", release)
		w.Header().Set("X-Node", node)
		next.ServeHTTP(w, r)
	})
}
