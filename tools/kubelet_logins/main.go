// Copyright (c) 2026, Planton
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Says, by the kubelet's own code, which logins a kubelet tries for an image with given pull secrets. Each line of the
// input is a question in JSON, and each line of the output is its answer.
package main

import (
	"bufio"
	"encoding/json"
	"os"

	core "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/credentialprovider"
	"k8s.io/kubernetes/pkg/credentialprovider/secrets"
	"k8s.io/kubernetes/pkg/util/parsers"
)

type question struct {
	Image   string        `json:"image"`
	Secrets []core.Secret `json:"secrets"`
}

// The logins are pairs of user and password in the order in which the kubelet tries them.
type answer struct {
	Invalid string      `json:"invalid"`
	Broken  string      `json:"broken"`
	Logins  [][2]string `json:"logins"`
}

func ask(asked question) answer {
	told := answer{Logins: [][2]string{}}
	repository, _, _, err := parsers.ParseImageName(asked.Image)
	if err != nil {
		told.Invalid = err.Error()
		return told
	}
	keyring, err := secrets.MakeDockerKeyring(asked.Secrets, &credentialprovider.BasicDockerKeyring{})
	if err != nil {
		told.Broken = err.Error()
		return told
	}
	found, _ := keyring.Lookup(repository)
	for _, login := range found {
		told.Logins = append(told.Logins, [2]string{login.Username, login.Password})
	}
	return told
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		if err := answers.Encode(ask(asked)); err != nil {
			panic(err)
		}
	}
}
