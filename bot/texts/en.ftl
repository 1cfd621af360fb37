### What people read, in English. The other languages are measured by this file.
###
### How it sounds: calm, short, plain. It says what is, then what one can do.
### Markdown is Discord's. Names that people gave reach this file already escaped.
### Commands stand as {"/imagine"}, so that no translation changes them.

## Heads of cards

head = { $who } **“{ $prompt }”**
head-quiet = { $who } AutoMod blocked words of this prompt, so they are not repeated here.
quote = “{ $prompt }”

derived-imagine = Based on { $owner }’s job
derived-seed = New seed · based on { $owner }’s job
derived-mask = Other adapters · based on { $owner }’s job
derived-keep = Adapters chosen by hand · based on { $owner }’s job
derived-single = Picture { $number } · based on { $owner }’s job
derived-vary = Variation of picture { $number } · based on { $owner }’s job
derived-compare = Compared again · based on { $owner }’s job
derived-subtle = Subtle variation of picture { $number } · based on { $owner }’s job
derived-upscale = Picture { $number } at twice its size · based on { $owner }’s job
derived-show = Shown again · based on { $owner }’s job

## Status: while a job waits and is drawn

status-queued = In line
status-place = In line: **#{ $number } of { $of }**
status-eta = expected { $when }
status-planning = Reading the prompt …
fetching = Fetching { $name }, { $size }: **{ $percent } %**
fetching-some = Fetching { $name }: { $done } so far
status-read = Reading the prompt: **{ $concepts }**
status-chosen = Chosen: { $count ->
        [one] **{ $count } adapter**
       *[other] **{ $count } adapters**
    } of { $seen ->
        [one] { $seen } candidate
       *[other] { $seen } candidates
    }
status-alone = No adapter matched well: the base model draws alone.
status-off = Adapters are off: the base model draws alone.
status-soon = Waiting for a free worker
status-drawing = Drawing …
status-steps = **{ $step } / { $of }** steps
status-pictures = { $done } of { $count } pictures ready
status-sending = Sending the pictures …
status-paused = Drawing is paused by a moderator. Your job keeps its place.
status-no-worker = No worker is connected now. Your job waits up to { $hours } h.
status-lost = The worker stopped. Your job is back in its place in the line.

## Results

result-alt = Image { $number } of { $count }: { $prompt }
result-alt-quiet = Image { $number } of { $count }
result-alt-adapters = Adapters: { $adapters }
result-alt-bare = Drawn without adapters
result-failed = { $number } · could not be drawn
result-adapter = **{ $name }** { $weight }
result-for = for *{ $words }*
result-by = by { $author }
result-no-adapter = no adapter
result-no-licence = licence not stated
result-more = and { $count } more, in Details
result-uncovered = No adapter for: { $words }
result-unread = Not understood, so it stays in the prompt: { $flags }
result-alone = No adapter matched well: base model only.
result-begun = Begun from a picture, { $redone } % of it redone.
result-begun-mask = A part of a picture, drawn anew.
result-fast = Drawn in { $steps ->
        [one] one step
       *[other] { $steps } steps
    }: few-step adapter { $name }
result-fast-negative = At guidance { $guidance } the negative prompt has no say.
result-off = Adapters are off: base model only.
result-left-out = Left out: { $what } ({ $why })
result-instead = The language model did not choose this time; words and meaning did. Details says why.
result-repaired = { $count ->
        [one] Picture { $which } was drawn a second time with other weights, because a part of the prompt was lost.
       *[other] Pictures { $which } were drawn a second time with other weights, because a part of the prompt was lost.
    }
result-lost = Picture { $number } does not seem to show: { $words }
result-fill-up = { $masks ->
        [one] There is only one mask: further pictures repeat it with other seeds.
       *[other] There are only { $masks } masks: further pictures repeat the best one with other seeds.
    }
result-fill-up-strengths = { $masks ->
        [one] There is only one mask: further pictures repeat it with other seeds and strengths.
       *[other] There are only { $masks } masks: further pictures repeat the best one with other seeds and strengths.
    }
result-round = All { $of } masks were seen. Round { $round } goes through them again with other seeds.
result-last = { $count ->
        [one] This was the last mask of the round.
       *[other] These were the last { $count } masks of the round.
    }
result-missing = { $failed } of { $count } pictures could not be drawn. { $why }
result-lost-files = { $count ->
        [one] One picture is no longer kept.
       *[other] { $count } pictures are no longer kept.
    }
result-seed = seed { $seed }
result-size = { $width }×{ $height }
result-masks = masks { $seen }/{ $of }
result-job = job { $job }
result-rate = 👍 👎 Which do you like?
result-rate-picture = picture { $number }
result-rate-none = Take my votes on these back
result-keep = Adapters: choose which stay on

size-mb = { $count } MB
size-gb = { $count } GB

time-seconds = { $seconds } s
time-minutes = { $minutes } min { $seconds } s
time-hours = { $hours } h { $minutes } min

## Ends

ended-failed = **Not drawn.** { $why }
ended-cancelled = **Cancelled** by { $who }.
ended-stopped = **Cancelled.**
ended-undeliverable = **Drawn, but not posted:** { $why } { "/history" } keeps the pictures.
ended-unknown = Something went wrong on the way.

undelivered-NoRights = I may not post pictures there.
undelivered-TooBig = the files are too big for this server.
undelivered-Blocked = AutoMod blocked the message.
undelivered-ThreadClosed = the thread is closed.
undelivered-MessageGone = the message is gone.
undelivered-TooOld = the message is too old to be changed.
undelivered-TokenGone = the answer came too late, and I am no member there.
undelivered-Unreachable = Discord could not be reached.
undelivered-Unreadable = I could not see whether it had been posted already.
undelivered-Refused = Discord refused the message.

## Comparisons

compare-a = A
compare-b = B
compare-ask = Which is better, A or B? Both have the same seeds. Nobody knows yet which is which.
compare-alt = { $arm }, picture { $number }: { $prompt }
compare-was = **A** was **{ $left }**, **B** was **{ $right }**.
compare-tally = { $a } for A · { $b } for B · { $tie } no difference
compare-results = **Comparisons of this server**
compare-no-results = None was revealed yet. {"/compare"} draws one.
compare-result = **{ $one }** against **{ $other }**: preferred by { $rate } % ({ $low } to { $high } % with 95 % confidence) · { $wins } to { $losses } · { $ties } no difference
compare-tied = **{ $one }** against **{ $other }**: nobody saw a difference ({ $ties })

## Buttons (at most 80 characters) and fields

button-tie = No difference
button-reveal = Reveal
button-seed = New seed
button-mask = Other adapters { $seen }/{ $of }
button-subtle = Vary subtle
button-strong = Vary strong
button-upscale = Upscale ×2
button-edit = Edit prompt
button-info = Details
button-delete = Delete
button-restore = Restore
button-cancel = Cancel
button-cancel-one = Cancel { $prompt }
button-again = Run again
button-open = Open
button-back = Back
button-more = More

## Details

details-title = **Details** · job `{ $job }`
details-title-picture = **Details** of this picture
details-prompt = **Prompt**
details-negative = **Negative prompt**
details-pictures = **Pictures**
details-picture = { $caption } · seed { $seed }
details-mask = mask `{ $mask }`
details-hash = sha256 `{ $hash }`
details-encoded = encoded: { $text }
details-added = with the words: { $text }
details-candidates = **Candidates** the composer saw: { $count }
details-concept = *{ $concept }*: { $names }
details-whole = the whole prompt
details-dropped = **Left out** ({ $count })
details-learned = **Learned here** and heeded in the order:
details-liked = { $name }: liked { $good } of { $of } times
details-why = { $what }: { $why }
details-made = **Made with**
details-sampling = { $sampler }, { $steps } steps, guidance { $guidance }, strength { $strength }
details-model-hash = checkpoint `{ $hash }`
details-composer = composer { $composer }, preset { $preset }
details-instead = the language model did not choose: { $why }
details-kept = shortened to fit: { $adapters }
details-quantised = base model in { $kind } weights: other pictures than the checkpoint’s own
details-ran = { $steps ->
        [one] One step
       *[other] { $steps } steps
    } drawn with executor { $executor }: { $why }
ran-asked = the settings ask for it
ran-bare = no adapter was lit
ran-first = the model is first watched at work
ran-uncompiled = the compiler failed
ran-cheapest = expected to be the fastest here, before { $over }
ran-offloaded = expected to be the fastest that leaves offloaded weights alone, before { $over }
ran-quantised = expected to be the fastest that leaves quantised weights alone, before { $over }
details-readied = adapters made ready: { $adapters }
readied-memory = { $name } in memory
readied-ahead = { $name } in time
readied-shelf = { $name } from the disk in { $seconds } s
readied-converted = { $name } converted in { $seconds } s
details-versions = { $versions }
details-times = { $state } · asked { $when }
details-more = and { $count } more, in the file below
details-cut = The whole of it is in the file below.
details-unplanned = No adapters are chosen yet.

## Lists

queue-title = **Your jobs**
queue-none = You have no job in the line. {"/imagine"} starts one.
queue-rest = and { $count } more of yours
queue-all = { $waiting ->
        [0] Nobody waits
        [one] { $waiting } job waits in all
       *[other] { $waiting } jobs wait in all
    } · { $workers ->
        [0] no worker is up
        [one] { $workers } worker is up
       *[other] { $workers } workers are up
    }
queue-paused = Drawing is paused by a moderator; jobs keep their places.

history-title = **Your history** · page { $page }
history-favourites = **Your favourites** · page { $page }
history-none = Nothing here yet. {"/imagine"} makes the first pictures.
history-none-favourites = No favourites yet: press ❤ under a result.
history-pictures = { $count ->
        [one] { $count } picture
       *[other] { $count } pictures
    }
history-private = private
history-link = to the message

state-queued = in line
state-drawing = being drawn
state-planned = in line, adapters chosen
state-drawn = drawn, being posted
state-posting = drawn, being posted
state-posted = posted
state-failed = not drawn
state-cancelled = cancelled
state-undeliverable = drawn, but could not be posted

## Adapters

adapters-title = **Adapters** · page { $page } of { $pages }
adapters-found = **Adapters** for “{ $query }” · page { $page }
adapters-none = No adapter is near “{ $query }”. Try fewer or plainer words.
adapters-empty = No adapters are on the shelf yet.
adapters-say = say { $triggers }
adapters-show = Show one of them
adapters-kind = { $category } · { $kind } · for { $family } · rated { $rating }
adapters-by = by { $author } · { $licence }
adapters-weight = Weight { $weight } (from { $low } to { $high })
adapters-triggers = Trigger words: { $triggers }
adapters-tags = Tags: { $tags }
adapters-preview = Preview of the adapter { $name }
adapters-commercial = commercial use allowed
adapters-no-commercial = no commercial use
adapters-credit = credit the author
adapters-unknown-author = an unknown author
adapters-use = {"/imagine"} picks it by itself when the prompt fits, or always with the option `adapters`.

added-new = **Added.** It is on the shelf, and {"/imagine"} can choose it from now on.
added-known = **Already known.** It is on the shelf, and {"/imagine"} can choose it.
added-hidden = **Added, but not to be chosen:** { $why }

## Help and about

help-title = **Stylus** draws what you describe, with adapters that fit your words.
help-imagine = {"/imagine"} draws four pictures, each with another mix of adapters. Say the style, the subject, the place and the light: “a pencil sketch of a dragon at sunset”.
help-buttons = **Under a result**
help-seed = 🎲 keeps the adapters and takes new seeds.
help-mask = 🧩 keeps the seeds and takes adapters that you have not seen yet.
help-edit = ✏️ changes the prompt. ℹ️ says how the pictures were made. 🗑️ deletes them (the one who asked, and moderators).
help-single = U1 to U4 show one picture alone, V1 to V4 draw variations of it. Alone it can also be drawn at twice its size. ❤ keeps a result among your favourites.
help-keep = The list at the bottom sets by hand which adapters stay on.
help-rate = 👍 👎 are remembered in this server: what people like here is chosen sooner.
help-commands = **Commands**
help-lines =
    {"/imagine"} takes an `image` to start from, {"/inpaint"} draws anew what is transparent in one
    Both draw in few steps with `speed`, and keep to your words more or less strictly with `guidance`
    {"/queue"} shows your jobs and how long the line is, {"/cancel"} stops one
    {"/compare"} draws with two presets beside each other, and you vote blind
    {"/show"} posts a result again, {"/history"} lists what you made
    {"/adapters browse"} and {"/adapters info"} show what is on the shelf
    {"/adapters add"} brings a new one, for those who manage the server
    {"/about"} names whose work it draws with, and the licences
help-private = With the option `private` only you see the result. The line is fair: everybody who waits gets a turn before anybody gets a second one.

about-title = **Stylus** { $version }
about-what = Every picture is drawn with a different subset of adapters that fit the prompt, after the paper “Stylus: Automatic Adapter Selection for Diffusion Models”.
about-checkpoints = **Base models**
about-checkpoint = { $name } · { $licence }
about-adapters = **Adapters** · { $count } on the shelf
about-licence = { $licence }: { $count }
about-more = and { $count } more
about-code = The bot’s code is under Apache-2.0.
about-data = Prompts, recipes and pictures are kept for { $days } days; 🗑️ removes them sooner.
about-no-licence = licence not stated

## Short answers

notice-ready = { $who } Your pictures are there.
notice-cancelled = Cancelled.
notice-cancelled-many = { $count ->
        [0] There was nothing to cancel.
        [one] One job was cancelled.
       *[other] { $count } jobs were cancelled.
    }
notice-favourite = Kept among your favourites. {"/history"} lists them.
notice-no-favourite = No longer among your favourites.
notice-vote = { $sign } for picture { $number }. Your last word counts; what this server likes is chosen sooner.
notice-vote-bare = Picture { $number } was drawn without adapters, so there is nothing to learn from it.
notice-vote-none = { $count ->
        [0] You had not voted on these pictures.
        [one] Your vote is taken back.
       *[other] Your { $count } votes are taken back.
    }
notice-ballot = { $choice ->
        [a] You voted for **A**.
        [b] You voted for **B**.
       *[tie] You see no difference.
    } Until it is revealed you may change your mind. Votes so far: { $votes }
notice-untold = The channel could not be told what was what. Press any button of this comparison to tell it once more.
notice-accepted = This is in the line. My database does not answer just now; as soon as it does, this says how far it is.
notice-blind = That would tell what is under A and B. Reveal it first.
notice-twice = That is already on its way.
notice-stale = That button is from another version of the bot. {"/show"} posts the result with fresh ones.
notice-stale-command = That command is from another version of the bot. Type it once more.
notice-odd-option = One of the options holds something else than it should. Choose it from the list.
notice-no-manifest = That picture says nothing of how it was made.
notice-no-picture = There is no picture of mine in that message.
notice-add-one = Give me an address (`url`) or a file (`file`), one of the two.
notice-thread-closed = This thread is closed. Open it again, then I can do that.
notice-too-big = The files are too big for this server.
notice-deleted = Deleted. It can be restored until { $when }.
notice-unexpected = Something went wrong here. Your jobs are safe. If it happens again, give a moderator this number: **{ $code }**

admin-paused = Drawing is paused. The workers let their memory go; jobs wait and keep their places.
admin-already-paused = Drawing was paused already.
admin-resumed = Drawing goes on.
admin-already-running = Drawing was not paused.
admin-banned = { $who } may no longer use the bot here.
admin-no-reason = no reason was given
admin-unbanned = { $who } may use the bot here again.
admin-not-banned = { $who } was not banned.
admin-learning-on = This server learns from votes and from what people take up, and heeds it.
admin-learning-off = Nothing is learned here any more, and nothing that was is heeded. It is kept until you delete it.
admin-learning-nowhere = Learning is off in the settings of this installation.
admin-learning-export = { $count ->
        [0] Nothing was learned here yet.
        [one] What was learned here: 1 pair of adapter and words.
       *[other] What was learned here: { $count } pairs of adapter and words.
    }
admin-learning-deleted = { $count ->
        [0] Nothing was learned here, so nothing was deleted.
       *[other] All that was learned in this server is deleted.
    }
admin-preset = { $name } is what this server draws with from now on.
admin-preset-usual = This server draws again with what the settings say: { $name }.
admin-owners-only = That stops or starts the drawing in every server, so only the owners named in my settings can do it.
admin-only = Only people who may manage this server can do that.

## The edit window (title and labels at most 45 characters)

modal-title = Edit the prompt
modal-prompt = Prompt
modal-negative = What should not be there
modal-adapters = Adapters that may be used
modal-adapters-how = Leave them as they are, and Stylus chooses anew
modal-aspect = Shape
modal-strength = Strength of the adapters
strength-low = Low
strength-normal = Normal
strength-high = High
aspect-own = The base model’s own

## Errors: what cannot be drawn. One text per class; its facts are the variables.

error-BadRequest = This cannot be drawn.
error-EmptyPrompt = The prompt is empty: describe what the picture should show.
error-PromptTooLong = The prompt has { $length } characters; { $limit } is the most.
error-BadEvaluation = No evaluation can go by { $path }: { $why }.
error-BadText = The { $what } cannot be used: { $why }.
error-OutOfRange = { $what } must lie between { $low } and { $high }; { $value } was given.
error-UnknownName = There is no { $kind } called “{ $name }”. { $known }
error-SharedName = { $count } adapters have the name “{ $name }”; ask by id: { $ids }.
error-BadSize = Width and height must be multiples of { $multiple } pixels; { $width }×{ $height } was given.
error-Unsupported = { $what } is not possible yet.
error-NoFastAdapter = No few-step adapter for { $family } is known here: whoever runs me can add one.
error-BadPicture = { $path } cannot be drawn from: { $why }.
error-BadManifest = { $path } cannot be drawn again: { $why }.

## Errors: adapters

error-BadAdapter = Adapter { $name } cannot be used.
error-AdapterFileMissing = The file of adapter { $name } is missing: { $path }.
error-AdapterFileEmpty = The file of adapter { $name } is empty.
error-AdapterFileTruncated = The file of adapter { $name } ends too early; it must be downloaded again.
error-AdapterNotSafetensors = The file of adapter { $name } is not a safetensors file ({ $why }).
error-AdapterNotFinite = Adapter { $name } holds broken numbers in { $tensor }.
error-AdapterWrongFamily = Adapter { $name } is made for { $family }; this checkpoint is { $needed }.
error-AdapterWrongShape = Adapter { $name } does not fit layer { $layer }: { $shape } where { $needed } is needed.
error-AdapterNotApplied = { $count } of { $of } tensors of adapter { $name } fit no layer of this checkpoint (for example { $example }).
error-AdapterUnsupported = Adapter { $name } is of a kind I cannot draw with ({ $kind }).
error-AdapterWithdrawn = Adapter { $name } is no longer drawn with: { $why }.
error-AdapterChanged = The file of adapter { $name } has changed: sha256 { $found } where { $wanted } was expected.

## Errors: this installation

error-BadCheckpoint = The checkpoint { $path } cannot be loaded: { $why }.
error-BadIndex = The index of adapters cannot be read: { $path }.
error-IndexMissing = There is no index of adapters yet: { $path }.
error-IndexSchema = The index of adapters at { $path } has schema { $found }; this version reads { $needed }.
error-IndexBroken = The index of adapters at { $path } is damaged: { $why }.
error-BadCards = { $path }, line { $line }: { $why }.
error-BadEmbedder = The embedding model at { $path } cannot be used: { $why }.
error-BadSettings = { $where }: { $why }.
error-BadSource = { $source } does not answer as it should.
error-SourceSilent = { $source } does not answer: { $why }.
error-SourceRefused = { $source } refuses ({ $status }): { $why }.
error-SourceOdd = { $source } answered something that I cannot understand: { $why }.
error-UnsafeAddress = { $source } is not fetched: { $why }.
error-TooMuch = { $source } has { $size }; { $limit } is the most that I take.
error-StoreFull = There is no room for { $source }: it has { $size }, and { $limit } can be made free among my adapters.
error-BadArchive = { $source } cannot be imported: { $why }.
error-BadCatalogue = The catalogue { $path } cannot be used: { $why }.
error-CatalogueVersion = The catalogue { $path } was written by a newer Stylus ({ $why }).
error-RefinerFailed = The describing model gave no usable answer: { $why }.
error-BudgetSpent = Stopped before the budget was exceeded: { $spent } of { $limit } spent.
error-Busy = All { $slots } drawing slots are taken; try again in a moment.
error-DrawFailed = The picture could not be drawn: { $why }.
error-DrawNotFinite = The picture could not be drawn: { $why }.
error-MemoryRanOut = The picture needs more memory than there is ({ $why }); a smaller one may fit.
error-DeviceLost = The drawing device stopped working: { $why }.
error-Cancelled = Stopped; finished pictures, which were kept: { $done }.
error-StoreFailed = { $path } could not be written: { $why }.
error-DiskFull = The disk is full: { $path } could not be written ({ $why }).

## Errors: people in a line

error-Refusal = That is not possible now.
error-Banned = You may not use the bot here: { $reason }
error-LineFull = You have { $running } running and { $waiting } waiting; { $most } is the limit here. Wait for one, or cancel one.
error-MissingRights = I need these permissions in { $channel }: { $rights }. Nothing was queued.
error-Unsafe = { $what ->
        [minors] I never draw sexual pictures of minors. In your prompt: { $words }
        [rating] That picture was made in an age-restricted channel; it cannot be shown here.
       *[other] Words that are not drawn here: { $words }
    }
error-Forbidden = That belongs to { $owner }. Only they and moderators may do it.
error-JobGone = Job { $job } is too old: its recipe was deleted. {"/imagine"} makes a new one.
error-NotFinished = Job { $job } has no pictures yet. Try again when they are there.
error-NothingToChange = Job { $job } has no other adapters to try. 🎲 takes a new seed.
error-LearningOff = This server does not learn from votes; its moderators turned that off.
error-SamePreset = Both are { $name }; a comparison needs two.
error-Compared = That is a comparison: one votes on it, and nothing else is made of it. {"/imagine"} draws more.
error-Revealed = It was told already what was what, so votes are closed.
error-TooLate = It is too late for that: the job is { $state }.
error-WindowTooLate = Looking at that took so long that Discord no longer opens a window. Try it once more.
error-NotAPicture = { $name } is no picture that I can read.
error-WorkerLost = { $attempts ->
        [one] The worker stopped while it drew this, so I gave it up.
       *[other] The worker stopped { $attempts } times while it drew this, so I gave it up.
    } Fewer pictures or a smaller size may help.
error-NoWorker = Nobody is there who could answer now. Try again in a minute.
error-LineAway = My database cannot be used at the moment. Try again in a minute; what was accepted is safe.
