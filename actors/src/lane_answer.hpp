#pragma once

#include <bulkhead/actors/compat.hpp>
#include <bulkhead/actors/detail/message_codec.hpp>
#include <bulkhead/detail/call_server_core.hpp>
#include <cstdint>

namespace bulkhead::actors::detail {

/// Sends an error to who asked. @limits marked false: it is the answer to a watch.
void answer_with_error(const bulkhead::detail::pipe_core& lane,
                       const bulkhead::detail::call_origin& whose, const caf::error& reason,
                       bool marked = true);

/// Receives the answer to one request, and sends it to the asker's process.
class lane_answer final : public compat::answer_actor {
 public:
  lane_answer(caf::actor_config& config, const bulkhead::detail::pipe_core& lane,
              const message_codec& codec, const bulkhead::detail::call_origin& whose,
              std::uint32_t signature, caf::strong_actor_ptr tally)
      : answer_actor(config),
        lane_(lane.state()),
        codec_(&codec),
        whose_(whose),
        signature_(signature),
        tally_(std::move(tally)) {}
  ~lane_answer() override;

 private:
  void answered(const compat::message_values& content) override;
  void answer_named(const compat::message_values& content);

  bulkhead::detail::pipe_core lane_;
  const message_codec* codec_;
  bulkhead::detail::call_origin whose_;
  std::uint32_t signature_;
  caf::strong_actor_ptr tally_;  ///< Counts us; may be nothing.
};

}  // namespace bulkhead::actors::detail
