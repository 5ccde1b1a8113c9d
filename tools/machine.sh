#!/bin/sh
# Brings what the tests use beyond Python: a browser, Node for npm's reference tools, Postfix's smtp-sink, Dovecot,
# SpamAssassin.
# Where it may not install (no apt, not root), the tests that need them say so and are skipped.
set -u
wanted=""
command -v chromium >/dev/null || wanted="$wanted chromium fonts-noto-core fonts-noto-color-emoji"
command -v npm >/dev/null || wanted="$wanted nodejs npm"
command -v smtp-sink >/dev/null || wanted="$wanted postfix"
command -v dovecot >/dev/null || wanted="$wanted dovecot-imapd"
command -v spamassassin >/dev/null || wanted="$wanted spamassassin"
[ -z "$wanted" ] && exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
  echo "Not here, and not ours to install:$wanted. The tests that need them will be skipped." >&2
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
for package in $wanted; do
  apt-get install -y -qq --no-install-recommends "$package" >/dev/null || echo "Could not install $package." >&2
done
