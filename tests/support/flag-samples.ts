// Values that flags take, for tests that go through all of them.

/** Something that is not the default, for every kind of value. */
export const SAMPLES: Readonly<Record<string, string>> = {
  DIR: "some",
  FILE: "some.pem",
  PORT: "81",
  "self-signed": "self-signed",
  "NAME:PASSWORD[@/PATH:RIGHTS]": "bob:pw",
  "[NAME:]TOKEN[@/PATH:RIGHTS]": "0123456789abcdef",
  "RIGHTS@/PATH": "ro@/",
  FIELD: "X-Frame-Options: DENY",
  CIDR: "10.0.0.0/8",
  HOST: "a.example",
  N: "3",
  TIME: "7s",
  SECONDS: "7",
  WAY: "error",
  SIZE: "7K",
  MODE: "0640",
  FORMAT: "json",
  NAME: "a.example",
  ORIGIN: "https://a.example",
  RULE: "GET /files/* reset@50%",
};

/** What some flags need beside them. */
export const COMPANIONS: Readonly<Record<string, string>> = {
  "tls-key": "--tls-cert=c.pem",
  "tls-state": "--tls=self-signed",
  "tls-client-ca": "--tls-cert=c.pem",
  "https-redirect": "--tls-cert=c.pem",
  hsts: "--tls-cert=c.pem",
  "proxy-protocol": "--trusted-proxies=127.0.0.1",
};
