#include "run/switches.hpp"

#include <algorithm>
#include <array>

#include "run/system_events.hpp"

namespace naestro::run {
namespace {

using What = SwitchOf::What;

constexpr std::string_view kModel = "model:";
constexpr std::array kWhats = {What::all, What::tool, What::model};

// What a target is switched by, the widest first.
std::vector<SwitchOf> switches_for(std::string_view target) {
  std::vector<SwitchOf> out{{}};
  if (target.starts_with(kModel)) {
    out.push_back({What::model, std::string{target.substr(kModel.size())}});
  } else {
    out.push_back({What::tool, std::string{target.substr(0, target.find('@'))}});
    out.push_back({What::tool, std::string{target}});
  }
  return out;
}

Result<SwitchOf> switch_from(const json::Object& data) {
  const auto what = json::text_at(data, "what");
  for (const What each : kWhats) {
    if (what != name(each)) continue;
    SwitchOf of{each, std::string{json::text_at(data, "name").value_or("")}};
    if (of.name.empty() == (each == What::all)) return of;
  }
  return fail(Code::kStoreCorrupt, "a switch says not what it is of");
}

}  // namespace

std::string_view name(What what) {
  constexpr std::array<std::string_view, 3> names = {"all", "tool", "model"};
  return names[static_cast<std::size_t>(what)];
}

std::string text(const SwitchOf& of) {
  return of.what == What::all ? "every run" : std::string{name(of.what)} + " " + of.name;
}

std::string text(const Held& held) {
  if (held.why == Held::Why::changed) return "the contract of " + text(held.of) + " has changed";
  return text(held.of) + " is switched off";
}

std::string release_words(const Held& held) {
  return "naestro release " + (held.of.what == What::all ? "--all" : held.of.name);
}

Result<void> Switches::take(const ledger::Event& event) {
  const json::Object& data = event.data;
  if (event.kind == "contract.pinned") {
    const auto contract = digest_from_hex(json::text_at(data, "contract").value_or(""));
    const auto target = json::text_at(data, "target");
    if (!contract || !target) return fail(Code::kStoreCorrupt, event.id() + " pins no contract");
    pins[std::string{*target}] = *contract;
  }
  if (event.kind != "switch.set") return {};
  NAESTRO_LET(SwitchOf of, switch_from(data));
  epoch = event.seq + 1;
  if (json::bool_at(data, "off").value_or(true)) {
    off[std::move(of)] = epoch;
  } else {
    off.erase(of);
  }
  return {};
}

std::optional<Held> Switches::holds(std::string_view target, const Digest& contract) const {
  const std::vector<SwitchOf> all = switches_for(target);
  for (const SwitchOf& of : all) {
    if (off.contains(of)) return Held{Held::Why::off, of, epoch};
  }
  const auto pin = pins.find(target);
  if (pin == pins.end() || pin->second == contract) return std::nullopt;
  return Held{Held::Why::changed, all.back(), epoch};
}

Result<Switches> switches_of(std::span<const ledger::StoredEvent> events) {
  Switches out;
  for (const ledger::StoredEvent& stored : events) NAESTRO_TRY(out.take(stored.event));
  return out;
}

Result<std::vector<SwitchedOff>> switched_off(std::span<const ledger::StoredEvent> events,
                                              const OpenBlob& open) {
  NAESTRO_LET(const Switches switches, switches_of(events));
  std::vector<SwitchedOff> out;
  for (const auto& [of, epoch] : switches.off) {
    const auto event = std::ranges::find(
        events, epoch - 1, [](const ledger::StoredEvent& stored) { return stored.event.seq; });
    const json::Object& data = event->event.data;
    SwitchedOff each{of, epoch, ledger::wall_at(*event), {}, {}};
    NAESTRO_LET(each.who, opened(data, "who", open));
    NAESTRO_LET(each.reason, opened(data, "reason", open));
    out.push_back(std::move(each));
  }
  std::ranges::sort(out, {}, &SwitchedOff::epoch);
  return out;
}

ledger::Append switched(const Switching& switching, std::int64_t seq, const Sealer& sealer) {
  json::Object data{{"off", switching.off}, {"what", name(switching.of.what)}};
  if (!switching.of.name.empty()) data["name"] = switching.of.name;
  ledger::Append append = system_event("switch.set", std::move(data), seq);
  json::Object& sealed = append.events.front().data;
  if (switching.off) sealed["reason"] = sealer.put(switching.reason, append.blobs);
  sealed["who"] = sealer.put(switching.who, append.blobs);
  return append;
}

ledger::Append pinned(std::string_view target, const Digest& contract, std::int64_t seq) {
  ledger::Append append =
      system_event("contract.pinned", {{"contract", hex(contract)}, {"target", target}}, seq);
  append.sign = false;
  return append;
}

}  // namespace naestro::run
