#pragma once

#include <bulkhead/actors/compat.hpp>
#include <bulkhead/errc.hpp>
#include <bulkhead/exit_status.hpp>
#include <optional>
#include <string>

namespace bulkhead::actors {

/// The category of errors that an actor in another process gives, besides its own: "bulkhead".
inline constexpr auto remote_category = compat::our_category;

/// True for an error with that code of ours: peer_crashed (its process died: see `exit_of`), closed
/// (its system or its process ended in order), full (there is no room for the request, and its
/// sender may not wait), corrupt, too_large (a message takes more than 1 GiB).
[[nodiscard]] bool is(const caf::error& reason, errc code) noexcept;
/// True where the actor dropped the request without an answer.
[[nodiscard]] bool is_broken_promise(const caf::error& reason) noexcept;
/// How the process ended that an error or a down_msg's reason tells of; nothing: of none.
[[nodiscard]] std::optional<exit_status> exit_of(const caf::error& reason);

namespace detail {
/// What one of our errors says.
[[nodiscard]] std::string text_of(std::uint8_t code, const caf::message& context);
[[nodiscard]] caf::error error_for(errc code);
/// With what is to be known beside the code.
[[nodiscard]] caf::error error_for(errc code, const std::string& text);
[[nodiscard]] caf::error error_for(const std::error_code& code, const exit_status& status);
[[nodiscard]] caf::error broken_promise();
/// Has CAF know them, before there is a system.
void prepare(caf::actor_system_config& config);
}  // namespace detail

}  // namespace bulkhead::actors
