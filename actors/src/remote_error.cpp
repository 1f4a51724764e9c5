#include <bulkhead/actors/remote_error.hpp>

#include <string>

namespace bulkhead::actors {

namespace {

// No errc has it.
constexpr std::uint8_t broken_promise_code = 255;

bool is_ours(const caf::error& reason) noexcept {
  return reason && reason.category() == remote_category;
}

}  // namespace

bool is(const caf::error& reason, errc code) noexcept {
  return is_ours(reason) && reason.code() == static_cast<std::uint8_t>(code);
}

bool is_broken_promise(const caf::error& reason) noexcept {
  return compat::is_broken_promise(reason) ||
         (is_ours(reason) && reason.code() == broken_promise_code);
}

std::optional<exit_status> exit_of(const caf::error& reason) {
  if (!is_ours(reason) || !reason.context().match_elements<exit_status>()) return std::nullopt;
  return reason.context().get_as<exit_status>(0);
}

namespace detail {

std::string text_of(std::uint8_t code, const caf::message& context) {
  std::string text = code == broken_promise_code
                         ? "the actor dropped the request"
                         : make_error_code(static_cast<errc>(code)).message();
  if (context.match_elements<std::string>()) text += ": " + context.get_as<std::string>(0);
  if (context.match_elements<exit_status>()) {
    text += " (" + context.get_as<exit_status>(0).report() + ")";
  }
  return text;
}

caf::error error_for(errc code) { return compat::our_error(static_cast<std::uint8_t>(code)); }

caf::error error_for(errc code, const std::string& text) {
  return compat::our_error(static_cast<std::uint8_t>(code), caf::make_message(text));
}

caf::error error_for(const std::error_code& code, const exit_status& status) {
  const errc ours = code.category() == category() ? static_cast<errc>(code.value()) : errc::closed;
  if (status.cause == death_cause::none) return error_for(ours);
  return compat::our_error(static_cast<std::uint8_t>(ours), compat::local_message(status));
}

caf::error broken_promise() { return compat::our_error(broken_promise_code); }

void prepare(caf::actor_system_config& config) { compat::prepare(config, text_of); }

}  // namespace detail

}  // namespace bulkhead::actors
