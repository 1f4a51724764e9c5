#pragma once

#include <bulkhead/actors/compat.hpp>
#include <bulkhead/actors/detail/handle_codec.hpp>
#include <bulkhead/actors/detail/message_codec.hpp>
#include <bulkhead/detail/codec.hpp>
#include <bulkhead/errc.hpp>
#include <cstdint>
#include <utility>

namespace bulkhead::actors {

class any_actor;

namespace detail {

/// What is known of an actor's handle apart from its type. No codec: nobody here has said it yet.
struct any_handle {
  caf::strong_actor_ptr actor;
  const message_codec* codec = nullptr;
  std::uint64_t interface = 0;
};

std::uint64_t lend_any(const any_handle& handle);
any_handle take_any(bulkhead::detail::decoder& from, std::uint64_t interface);
/// Has a handle that came from elsewhere know the messages of its actor.
void learn(const any_handle& handle, const message_codec& codec);

}  // namespace detail

/// A typed handle whose type only its users know: a value of messages, answers and spawn arguments,
/// for actors that pass handles on, like `registry`. It goes to other processes as any handle does.
/// @threads any; a copy is the same handle.
/// @owns a handle.
class any_actor {
 public:
  /// Of nobody.
  any_actor() = default;
  template <class... Signatures>
  explicit any_actor(const caf::typed_actor<Signatures...>& actor) {
    using codec = detail::codec_of<typename caf::typed_actor<Signatures...>::signatures>;
    if (!actor) return;
    handle_ = {caf::actor_cast<caf::strong_actor_ptr>(actor), &codec::instance(),
               codec::fingerprint()};
  }

  [[nodiscard]] explicit operator bool() const noexcept { return handle_.actor != nullptr; }
  /// True when it is a handle of exactly that type, or of nobody.
  template <class Handle>
  [[nodiscard]] bool is() const {
    return !*this ||
           handle_.interface == detail::codec_of<typename Handle::signatures>::fingerprint();
  }
  /// @returns the handle; of nobody where this is. @errors type_mismatch: it is of another type.
  template <class Handle>
  [[nodiscard]] Handle as() const {
    using codec = detail::codec_of<typename Handle::signatures>;
    if (!*this) return {};
    if (!is<Handle>()) {
      throw bulkhead::error(errc::type_mismatch,
                            "taking an any_actor for a handle of another type");
    }
    detail::learn(handle_, codec::instance());
    return caf::actor_cast<Handle>(handle_.actor);
  }
  /// For CAF's calls that take any handle: monitor, link.
  [[nodiscard]] const caf::strong_actor_ptr& pointer() const noexcept { return handle_.actor; }

  /// True for handles of one actor, as far as this process can tell.
  friend bool operator==(const any_actor& a, const any_actor& b) noexcept {
    return a.handle_.actor == b.handle_.actor;
  }

  explicit any_actor(detail::any_handle handle) noexcept : handle_(std::move(handle)) {}
  [[nodiscard]] const detail::any_handle& parts() const noexcept { return handle_; }

 private:
  detail::any_handle handle_;
};

namespace detail {
struct lent_actor {};
}  // namespace detail

}  // namespace bulkhead::actors

// CAF need not write it: between processes our codec does.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bulkhead::actors::any_actor)

template <>
struct bulkhead::detail::endpoint_codec<bulkhead::actors::detail::lent_actor> {
  static void write(encoder&, const actors::detail::lent_actor&) {}
  static actors::detail::lent_actor read(decoder&) { return {}; }
  static constexpr bool in_messages = true;
  static constexpr std::uint64_t fingerprint() { return hash_of("lent actor"); }
};

/// What its type is, then its lane.
template <>
struct bulkhead::detail::codec<bulkhead::actors::any_actor> {
  using any_actor = bulkhead::actors::any_actor;
  using parts = type_list<actors::detail::lent_actor>;
  static constexpr refusal why = refusal::none;
  static constexpr bool named = false;
  static constexpr std::uint64_t seed = hash_of("any actor");
  static constexpr bool fixed = false;
  static constexpr std::size_t min_size = sizeof(std::uint64_t) + endpoint_bytes;

  static void measure(size_meter& meter, const any_actor&) { meter.add(min_size); }
  static void write(encoder& to, const any_actor& value) {
    encode(to, value.parts().interface);
    to.put_endpoint(actors::detail::lend_any(value.parts()));
  }
  static bool read(decoder& from, any_actor& value) {
    const auto interface = decode<std::uint64_t>(from);
    value = any_actor(actors::detail::take_any(from, interface));
    return !from.failed();
  }
};
