#pragma once

#include <bulkhead/actors/compat.hpp>
#include <bulkhead/actors/detail/message_codec.hpp>
#include <bulkhead/detail/codec.hpp>
#include <cstdint>

// Typed handles as parts of messages: each travels as the asking end of a lane of its own.
namespace bulkhead::actors::detail {

/// Makes a lane to an actor, whose other end is served from now on. @returns its asking end's id;
/// no_endpoint for nothing. @errors as make_pipe.
std::uint64_t lend_handle(const caf::strong_actor_ptr& actor, const message_codec& codec);
/// The stand-in here for the actor at the other end of a lane that was lent. `from` fails where
/// there is none.
caf::strong_actor_ptr take_handle(bulkhead::detail::decoder& from, const message_codec& codec);

}  // namespace bulkhead::actors::detail

template <class... Signatures>
struct bulkhead::detail::endpoint_codec<caf::typed_actor<Signatures...>> {
  using handle = caf::typed_actor<Signatures...>;

  static const actors::detail::message_codec& messages() {
    return actors::detail::codec_of<typename handle::signatures>::instance();
  }
  static void write(encoder& to, const handle& actor) {
    to.put_endpoint(
        actors::detail::lend_handle(caf::actor_cast<caf::strong_actor_ptr>(actor), messages()));
  }
  static handle read(decoder& from) {
    return caf::actor_cast<handle>(actors::detail::take_handle(from, messages()));
  }
  static constexpr bool in_messages = true;
  static constexpr std::uint64_t fingerprint() {
    return mix(hash_of("actor"), sizeof...(Signatures));
  }
};
