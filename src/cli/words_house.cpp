// The words about the ledger, what there is to plan with, and this installation.
#include "cli/help.hpp"
#include "cli/words.hpp"

namespace naestro::cli {
namespace {

void add_catalogs(CLI::App& app, Words& words) {
  CLI::App* tools_app = app.add_subcommand("tools", "list the tools, or show one's contract");
  tools_app->add_option("tool", words.tool, "name of a tool");
  tools_app->add_flag("--json", words.json, "print JSON");
  tools_app->callback([&words] { words.code = list_tools(words.house, words.tool, words.json); });
  CLI::App* roles_app = app.add_subcommand("roles", "list the roles that steps of a plan may have");
  CLI::App* roles_list = roles_app->add_subcommand("list", "the same");
  CLI::App* role_app = roles_app->add_subcommand("show", "one of them, with its prompt");
  role_app->add_option("role", words.role, "name of a role")->required();
  for (CLI::App* each : {roles_app, roles_list, role_app}) {
    each->add_option("-w,--workspace", words.plan.workspace,
                     "with the roles of this folder (default: the configuration's, else this)");
    each->add_flag("--json", words.json, "print JSON");
  }
  roles_app->callback([role_app, &words] {
    const std::string& workspace = words.plan.workspace;
    words.code = role_app->parsed() ? show_role(words.house, workspace, words.role, words.json)
                                    : list_roles(words.house, workspace, words.json);
  });
  CLI::App* models_app = app.add_subcommand("models", "list the models and their prices");
  models_app->add_flag("--json", words.json, "print JSON");
  CLI::App* pull = models_app->add_subcommand("pull", "bring a model's GGUF file by its hash");
  pull->add_option("url", words.order.url, "https://...; http:// from this machine alone")
      ->required();
  pull->add_option("--sha256", words.order.sha256, "the file's SHA-256 in hex")->required();
  pull->add_option("--name", words.order.name, "what plans will call it (default: by the URL)");
  pull->callback([&words] { words.code = pull_model(words.house, words.order); });
  ServerOrder& server = words.server;
  CLI::App* add_app = models_app->add_subcommand("add", "a model that a server answers for");
  add_app->add_option("name", server.name, "what plans will call it")->required();
  add_app->add_option("--url", server.url, "of its API, e.g. http://127.0.0.1:11434/v1")
      ->required();
  add_app->add_option("--model", server.model, "what the server calls it (default: the name)");
  add_app->add_option("--key-env", server.key_env, "the environment variable that holds the key");
  add_app->add_option("--context", server.context_tokens, "tokens that it holds (default: 8192)");
  add_app->add_option("--usd-in", server.usd_in,
                      "US dollars per million tokens of input; needed in the cloud");
  add_app->add_option("--usd-out", server.usd_out, "the same of output");
  add_app->add_flag("--cloud", server.cloud, "it passes on to others what it is asked");
  add_app->add_flag("--reasoning", server.reasoning, "it wants max_completion_tokens");
  add_app->callback([&words] { words.code = add_model(words.house, words.server); });
  models_app->callback([models_app, &words] {
    if (models_app->get_subcommands().empty()) words.code = list_models(words.house, words.json);
  });

  app.add_subcommand("demo", "see it work: no key, no network, no model, under a minute")
      ->callback([&words] { words.code = demo(words.house); });
}

void add_policy_folder(CLI::App* command, PolicyOptions& policy) {
  command->add_option("-w,--workspace", policy.workspace,
                      "with the rules of this folder (default: the configuration's, else this)");
}

void add_policy(CLI::App& app, Words& words) {
  PolicyOptions& policy = words.policy;
  CLI::App* policy_app =
      app.add_subcommand("policy", "what your policy files hold, and what they decide");
  policy_app->require_subcommand(1);
  CLI::App* check = policy_app->add_subcommand("check", "read all layers and say what is odd");
  add_policy_folder(check, policy);
  check->callback([&words] { words.code = policy_check(words.house); });
  CLI::App* explain =
      policy_app->add_subcommand("explain", "which rules match a call, and which one decides");
  explain->add_option("--tool", policy.tool, "a tool, such as files.write, or model:NAME")
      ->required();
  explain->add_option("--arg", policy.args, "name=value of an argument; may be repeated");
  explain->add_option("--mode", policy.mode, "guide, copilot (the default) or auto");
  explain->add_option("--user", policy.user, "who runs it; you, where it is left out");
  add_policy_folder(explain, policy);
  explain->add_flag("--untrusted", policy.untrusted,
                    "a document or a model says where the effect goes");
  explain->add_flag("--json", policy.json, "print JSON");
  explain->callback([&words] { words.code = policy_explain(words.house, words.policy); });
  CLI::App* test =
      policy_app->add_subcommand("test", "hold a table of calls to the decisions expected");
  test->add_option("cases", policy.cases, "the file with the cases (YAML)")->required();
  add_policy_folder(test, policy);
  test->callback([&words] { words.code = policy_test(words.house, words.policy); });
  CLI::App* diff = policy_app->add_subcommand(
      "diff", "on which calls two policy files decide otherwise, past ones among them");
  diff->add_option("old", policy.before, "a policy file (YAML)")->required();
  diff->add_option("new", policy.after, "the one that takes its place")->required();
  diff->add_flag("--json", policy.json, "print JSON");
  CLI::App* prove = policy_app->add_subcommand(
      "prove", "whether a claim holds of all calls, or a call on which it does not");
  prove
      ->add_option("claim", policy.claim,
                   "always-allows, always-denies, never-errs; of two: disjoint, implies, "
                   "equivalent")
      ->required();
  prove->add_option("file", policy.before,
                    "a policy file (YAML); left out: the policy as it stands");
  prove->add_option("other", policy.after,
                    "the second of two; left out: the policy as it stands is the first");
  prove->add_option("--tool", policy.tool, "of these alone: files.write, files.*, model:NAME");
  prove->add_flag("--json", policy.json, "print JSON");
  prove->callback([&words] { words.code = policy_prove(words.house, words.policy); });
  CLI::App* shadow = policy_app->add_subcommand(
      "shadow", "let a candidate policy decide beside yours, and see where it says otherwise");
  shadow->add_option("candidate", policy.candidate, "a policy file (YAML); left out: only look");
  shadow->add_flag("--off", policy.off, "end it")->excludes("candidate");
  shadow->add_option("-w,--workspace", policy.workspace,
                     "of the runs in this folder (default: the configuration's, else this)");
  shadow->add_flag("--json", policy.json, "print JSON");
  shadow->callback([&words] { words.code = policy_shadow(words.house, words.policy); });
  diff->callback([&words] { words.code = policy_diff(words.house, words.policy); });
}

void add_ledger(CLI::App& app, Words& words) {
  CLI::App* audit_app = app.add_subcommand("audit", "check the ledger");
  audit_app->require_subcommand(1);
  AuditOptions& audit = words.audit;
  CLI::App* verify = audit_app->add_subcommand("verify", "check the whole store offline");
  verify->add_option("--key", audit.key_file, "public key file (default: your own signing.pub)");
  verify->add_flag("--json", audit.json, "print JSON");
  verify->add_option("--file", audit.file,
                     "check this proof, export or exported log instead, without the store");
  verify->add_option("--from", audit.former,
                     "a signed head that you kept: what is checked has to go on from it");
  verify->add_option("--witness", audit.witnesses,
                     "the key file of a witness, who must have cosigned that head");
  verify->callback([&words] { words.code = audit_verify(words.house, words.audit); });
  CLI::App* prove =
      audit_app->add_subcommand("prove", "print the proof that an event is in the store, as JSON");
  prove->add_option("run", words.id, "run id, a unique beginning of it, or 'last'");
  prove->add_option("event", words.event, "its number in the run, or its id");
  prove->add_option("--from", audit.former,
                    "instead: that the store goes on from this signed head, for a witness");
  prove->callback([&words] {
    words.code = audit_prove(words.house, words.id, words.event, words.audit.former);
  });
  CLI::App* log = audit_app->add_subcommand(
      "export", "write the whole log and its consents as files that any web server can serve");
  log->add_option("-o,--output", words.log.output, "the folder, which must not be there yet")
      ->required();
  CLI::Option* readable =
      log->add_flag("--readable", words.log.readable,
                    "with the texts in the clear, but without the vault's values and what "
                    "identifies persons");
  log->add_flag("--with-private", words.log.with_private, "with these too")->needs(readable);
  log->callback([&words] { words.code = audit_export(words.house, words.log); });
  CLI::App* witness =
      audit_app->add_subcommand("witness", "cosign a head of somebody else's store");
  witness->add_option("checkpoint", words.file, "the head, or what 'audit prove --from' printed")
      ->required();
  witness->add_option("--key", audit.key_file, "the public key file of the store's signer")
      ->required();
  witness->callback(
      [&words] { words.code = audit_witness(words.house, words.file, words.audit.key_file); });

  CLI::App* shred = audit_app->add_subcommand(
      "shred", "erase what a run's contents say; that it ran stays provable");
  shred->add_option("run", words.id, "run id, a unique beginning of it, or 'last'")->required();
  shred->add_flag("--confirm", audit.confirmed, "erase; without it, say what would be erased");
  shred->callback(
      [&words] { words.code = audit_shred(words.house, words.id, words.audit.confirmed); });

  CLI::App* export_app =
      app.add_subcommand("export", "write a run to one file that can be checked anywhere");
  export_app->add_option("run", words.id, "run id, a unique beginning of it, or 'last'")
      ->required();
  export_app->add_option("-o,--output", words.file, "the file (default: RUN.naestro.json)");
  export_app->add_flag("--readable", words.readable,
                       "with the run's key and everything in the clear");
  export_app->callback(
      [&words] { words.code = export_run(words.house, words.id, words.file, words.readable); });
}

void add_secret_words(CLI::App* command, SecretWords& words) {
  command
      ->add_option("--host", words.hosts,
                   "where it may be sent: HOST (https), HOST:PORT, http://HOST:PORT; repeatable")
      ->allow_extra_args(false);
  command->add_option("--method", words.methods, "by which method, such as GET; repeatable")
      ->allow_extra_args(false);
  command
      ->add_option("--tool", words.tools,
                   "by what: a tool (http.get, http.get@2) or a model (model:NAME); repeatable")
      ->allow_extra_args(false);
  command->add_option("--for", words.lasts, "how long from now on: 30m, 8h, 7d");
  command->add_option("--uses", words.uses, "how often from now on")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}));
}

void add_vault(CLI::App& app, Words& words) {
  CLI::App* vault_app = app.add_subcommand("vault", "secrets that no model and no trace sees");
  vault_app->require_subcommand(1);
  CLI::App* set = vault_app->add_subcommand(
      "set", "keep a secret, or its next version; typed, or from standard input");
  set->add_option("name", words.id, "such as OPENAI_API_KEY")->required();
  add_secret_words(set, words.secret);
  set->callback([&words] { words.code = vault_set(words.house, words.id, words.secret); });
  CLI::App* bind = vault_app->add_subcommand("bind", "say anew what a secret is for");
  bind->add_option("name", words.id, "the secret")->required();
  add_secret_words(bind, words.secret);
  bind->add_flag("--free", words.secret.free, "for every model whose contract names it");
  bind->callback([&words] { words.code = vault_bind(words.house, words.id, words.secret); });
  CLI::App* list = vault_app->add_subcommand("list", "their names; never their values");
  list->add_flag("--json", words.json, "print JSON");
  list->callback([&words] { words.code = vault_list(words.house, words.json); });
  CLI::App* revoke =
      vault_app->add_subcommand("revoke", "refuse its next use, until it is set again");
  revoke->add_option("name", words.id, "the secret")->required();
  revoke->callback([&words] { words.code = vault_revoke(words.house, words.id); });
  CLI::App* remove = vault_app->add_subcommand("remove", "erase it");
  remove->add_option("name", words.id, "the secret")->required();
  remove->callback([&words] { words.code = vault_remove(words.house, words.id); });
  CLI::App* protect =
      vault_app->add_subcommand("protect", "open it by a passphrase instead of a key file");
  protect->add_flag("--by-file", words.by_file, "by a new key file, without a passphrase");
  protect->callback([&words] { words.code = vault_protect(words.house, words.by_file); });
}

void add_installation(CLI::App& app, Words& words) {
  CLI::App* completion_app =
      app.add_subcommand("completion", "print the script that completes words in a shell");
  completion_app->add_option("shell", words.shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion_app->callback([&words] { words.code = completion(words.house, words.shell); });

  CLI::App* help =
      app.add_subcommand("help", "what a code of an error or a finding means, and what mends it");
  help->add_option("code", words.error_code, "such as NE0204 or NP8102");
  help->callback([&app, &words] { words.code = explain_code(words.house, app, words.error_code); });

  CLI::App* init_app = app.add_subcommand(
      "init", "make naestro.yaml, the key and the store; look for models and try one");
  init_app->callback([&words] { words.code = init(words.house); });

  CLI::App* doctor_app = app.add_subcommand("doctor", "check this machine and this installation");
  doctor_app->add_flag("--live", words.live, "also call the model once");
  doctor_app->add_flag("--json", words.json, "print JSON (schemas/doctor.schema.json)");
  doctor_app->callback([&words] { words.code = doctor(words.house, words.live, words.json); });

  CLI::App* features_app = app.add_subcommand("features", "what this version has and lacks");
  features_app->add_flag("--json", words.json, "print JSON");
  features_app->callback([&words] { words.code = features(words.house, words.json); });

  CLI::App* config_app =
      app.add_subcommand("config", "the effective configuration and where each value comes from");
  config_app->add_flag("--json", words.json, "print JSON");
  config_app->callback([&words] { words.code = show_config(words.house, words.json); });
}

}  // namespace

void add_sandbox_words(CLI::App& app, Words& words) {
  SandboxOrder& order = words.sandbox;
  CLI::App* sandbox_app =
      app.add_subcommand("sandbox", "run a program confined: this folder, no network, no secrets");
  sandbox_app
      ->add_option("--profile", order.profile,
                   "workspace: the folder may be changed (the default); read-only: nothing may; "
                   "net: workspace, and the hosts of --allow-host; "
                   "weak: workspace for machines without user namespaces, says what is open")
      ->check(CLI::IsMember({"workspace", "read-only", "net", "weak"}));
  sandbox_app->add_option("-w,--workspace", order.folder, "the folder (default: the current one)");
  sandbox_app
      ->add_option("--max-time", order.time_s_max, "kill it after so many seconds (default: never)")
      ->check(seconds());
  sandbox_app
      ->add_option("--allow-host", order.hosts,
                   "with --profile net: HOST (ports 80 and 443) or HOST:PORT; may be repeated")
      ->take_all()
      ->allow_extra_args(false);
  sandbox_app->add_flag("--verbose", order.verbose, "with --profile net: a line for each request");
  sandbox_app->add_flag("--refused", words.refused, "instead: what was stopped until now");
  sandbox_app->add_flag("--json", words.json, "with --refused: print JSON");
  sandbox_app->add_option("command", order.argv, "behind --: the program and its arguments");
  sandbox_app->callback([&words] {
    words.code = words.refused ? list_refusals(words.house, words.json)
                               : confine(words.house, words.sandbox);
  });
}

void add_house_words(CLI::App& app, Words& words) {
  add_catalogs(app, words);
  add_sandbox_words(app, words);
  add_policy(app, words);
  add_vault(app, words);
  add_ledger(app, words);
  add_installation(app, words);
}

}  // namespace naestro::cli
