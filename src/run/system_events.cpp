#include "run/system_events.hpp"

namespace naestro::run {
namespace {

json::Array words(const std::vector<std::string>& from) {
  json::Array out;
  for (const std::string& each : from) out.emplace_back(each);
  return out;
}

std::vector<std::string> texts(const json::Value* from) {
  std::vector<std::string> out;
  const json::Array* array = from == nullptr ? nullptr : from->if_array();
  if (array == nullptr) return out;
  for (const json::Value& each : *array) {
    if (each.is_string()) out.emplace_back(each.get_string());
  }
  return out;
}

}  // namespace

ledger::Append system_event(std::string_view kind, json::Object data, std::int64_t seq) {
  ledger::Append append{std::string{ledger::kSystemStream}, 0, {}, {}, {}, true};
  append.events.push_back({append.stream, seq, std::string{kind}, std::move(data), 0});
  return append;
}

ledger::Append shredded_run(std::string_view run, std::string_view who, std::int64_t seq,
                            const Sealer& sealer) {
  ledger::Append append = system_event("run.shredded", {{"run", run}}, seq);
  append.events.front().data["who"] = sealer.put(who, append.blobs);
  return append;
}

ledger::Append refused_in_sandbox(const Confinement& confinement, std::string_view who,
                                  std::int64_t seq, const Sealer& sealer) {
  ledger::Append append = system_event("sandbox.refused",
                                       {{"profile", confinement.profile},
                                        {"count", confinement.refusals.size()},
                                        {"exit_code", confinement.exit_code}},
                                       seq);
  json::Object& data = append.events.front().data;
  data["program"] = sealer.put(json::Value(json::Object{{"argv", words(confinement.argv)},
                                                        {"folder", confinement.folder},
                                                        {"hosts", words(confinement.hosts)}}),
                               append.blobs);
  data["refusals"] = sealer.put(json::Value(words(confinement.refusals)), append.blobs);
  data["who"] = sealer.put(who, append.blobs);
  return append;
}

std::int64_t shredded_at(std::span<const ledger::StoredEvent> events, std::string_view run) {
  for (const ledger::StoredEvent& stored : events) {
    if (stored.event.kind == "run.shredded" && json::text_at(stored.event.data, "run") == run) {
      return ledger::wall_at(stored);
    }
  }
  return 0;
}

Result<std::vector<Refused>> refused(std::span<const ledger::StoredEvent> events,
                                     const OpenBlob& open) {
  std::vector<Refused> out;
  for (const ledger::StoredEvent& stored : events) {
    const json::Object& data = stored.event.data;
    if (stored.event.kind != "sandbox.refused") continue;
    Refused each;
    each.at_us = ledger::wall_at(stored);
    each.confinement.profile = json::text_at(data, "profile").value_or("");
    each.confinement.exit_code = static_cast<int>(json::integer_at(data, "exit_code").value_or(0));
    NAESTRO_LET(each.who, opened(data, "who", open));
    NAESTRO_LET(const std::string program, opened(data, "program", open));
    NAESTRO_LET(const std::string refusals, opened(data, "refusals", open));
    NAESTRO_LET(const json::Value form, json::parse(program));
    NAESTRO_LET(const json::Value sentences, json::parse(refusals));
    if (!form.is_object()) return fail(Code::kStoreCorrupt, "a confined program has no form");
    const json::Object& object = form.get_object();
    each.confinement.folder = json::text_at(object, "folder").value_or("");
    each.confinement.argv = texts(object.if_contains("argv"));
    each.confinement.hosts = texts(object.if_contains("hosts"));
    each.confinement.refusals = texts(&sentences);
    out.push_back(std::move(each));
  }
  return out;
}

}  // namespace naestro::run
