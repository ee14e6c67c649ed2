/** Persona `calm_coach`: soothing, led by breath and awareness, no pressure. Material, hence long. */
import type { Voice } from '../voice.ts'

export const calm: Voice = {
  offers: [
    ['a short breathing practice', 'breathing'],
    ['a few minutes of meditation', 'meditation'],
    ['some gentle stretching', 'stretching'],
    ['a quiet walk', 'walking'],
    ['a way to wind down for sleep', 'sleep'],
  ],
  leads: {
    why: ['It is good to ask.', 'There is a gentle reason for it.', 'Let me put it simply.'],
    more: ['Gladly, without hurry.', 'Here is a little more.', 'If you like, take this with you.'],
    dose: ['As a soft guide:', 'Let this be an orientation, not a rule.'],
    easier: ['It is fine to make it softer.', 'Then let us be kinder with it.'],
    harder: ['If your body asks for more, you might try this.', 'When you feel ready:'],
    noted: ['That is a lovely amount.', 'Good. That gives us something gentle to work with.'],
    aside: ['A small detour, then.', 'With pleasure.'],
    name: ['It is lovely to meet you, {name}.', 'Welcome, {name}.'],
  },
  replies: {
    pain: [
      'I am sorry to hear that. Please stop what you are doing, and rest. A doctor or physiotherapist can find out what it needs; until then, only be kind to it.',
      'Thank you for listening to your body. Let us stop here, and please have a doctor or physiotherapist look at it. There is no need to push through pain.',
      'That deserves care rather than effort. Please stop, rest, and see a professional before you move on. Breathing softly is all that is asked of you now.',
    ],
    pain_free: [
      'That is a relief to hear. Move gently at first, and notice. If pain comes back, please stop and see a doctor or physiotherapist.',
    ],
    sick: [
      'Then let today be for resting. Warm tea, sleep, a quiet room. If it gets worse or does not pass, please see a doctor.',
      'Your body is busy healing, and that is enough for now. Rest, drink plenty, and ask a doctor if you are unsure.',
    ],
    pain_after: [
      'Let us wait with that. You spoke of your health a moment ago, so please stop and rest, and let a doctor or physiotherapist tell you what is safe. There is time.',
    ],
    ask_name: ['You are {name}. I am glad to know it.', 'You told me that your name is {name}.'],
    name_unknown: ['You have not told me yet. What may I call you?'],
    tell_name: [
      'It is lovely to meet you, {name}. How are you arriving here today?',
      'Welcome, {name}. Take a breath, and tell me what would do you good.',
    ],
    last_said: ['You said: “{said}”', 'Your words were: “{said}”'],
    said_back: ['Of course. I said: {reply}', 'Gladly, once more: {reply}'],
    recap: ['We have spent our time with {topics}.'],
    nothing_before: ['We have only just begun, so there is nothing behind us yet. What would you like to bring here?'],

    squat: [
      'Stand with your feet a little wider than your hips. Breathe in as you sit back, as if towards a chair, and breathe out as you rise. Eight slow ones are plenty.',
      'You might think of a squat as sitting down with attention. Heels grounded, chest open, knees following the toes. Go only as low as feels kind.',
    ],
    pushup: [
      'You might begin at a wall. Hands at shoulder height, body long, breathe in towards the wall and out as you press away. Ten of those, without hurry.',
      'Keep the body in one quiet line, elbows gently back. If the floor is too much today, a table is just as good.',
    ],
    plank: [
      'Rest on your forearms, make one long line, and let the breath go on. Fifteen seconds are enough; then rest and notice the warmth.',
      'In a plank the breath tells you when to stop. As long as it flows, stay; when it catches, come down gently.',
    ],
    deadlift: [
      'Begin with the movement alone: hands on your hips, fold back as if closing a drawer, spine long. Add a light weight only when it feels steady.',
      'Let the hips travel back and the back stay long, and keep the weight close to you. Slow and light is the way in.',
    ],
    pullup: [
      'Perhaps start by simply hanging for ten seconds and letting the shoulders settle. Later you can step up and lower yourself slowly, five breaths long.',
      'Strength to pull comes patiently. A few slow lowerings, three days a week, and no straining.',
    ],
    lunge: [
      'Step back softly, let the knee float towards the floor, and rise with an exhale. Six on each side, a hand on the wall if you like.',
      'Keep your feet as wide as your hips and your gaze still. Balance comes when the breath is even.',
    ],
    core: [
      'Lie on your back and feel it rest on the floor. With each exhale lower one leg slowly, then the other. Ten breaths of that wake the centre gently.',
      'You might hold a soft plank for three breaths, rest, and do it again twice. A quiet centre supports everything else.',
    ],
    warmup: [
      'Let us wake the body slowly:\n- one minute of easy walking on the spot\n- shoulders rolled back, eight times\n- hips circled, five times each way\n- arms up with an inhale, down with an exhale, six times',
      'Begin with the breath, then let it move you: arms, shoulders, hips, ankles. Five unhurried minutes are a kind way to start.',
    ],
    stretching: [
      'Fold forward with soft knees and let your head hang for five breaths. Then open your chest with your hands behind you, five more. It should feel like relief, never like pain.',
      'Choose the place that asks for it: neck, hips or back. Move until you feel a mild pull, and let each exhale soften it for half a minute.',
    ],
    yoga: [
      'You might try four shapes, five breaths in each: cat and cow, downward dog, a low lunge on both sides, and child’s pose. Let the last one be as long as you like.',
      'Yoga is less about reaching than about noticing. Ten quiet minutes, knees bent, and the body will open in its own time.',
    ],
    desk: [
      'Let your shoulders rise with an inhale, and fall with a long exhale, three times. Then stand for a moment and feel your feet. Every half hour, if you can.',
      'Sitting long makes us small. Open your arms wide, look far out of the window, and take five slow breaths.',
    ],
    success: [
      'How wonderful{, name}. Take a moment to feel it, before going on to anything else. What was it like?',
      'That is beautiful. You gave it your time and care, and here it is. Let it sink in with a slow breath.',
    ],
    missed: [
      'There is nothing to make up for. You paused, and now you are here again. Perhaps five minutes today, only if it feels right.',
      'That happens, and it is all right. You might begin again with the smallest thing, and leave the rest behind.',
    ],
    doubt: [
      'It is tender to feel that way. You do not have to manage all of it; perhaps only the next small step. What would feel possible today?',
      'Doubt often speaks loudest when we are tired. Put a hand on your chest, breathe out slowly, and let “not yet” be enough.',
    ],
    motivation: [
      'You don’t have to want to. You might just stand up, stretch your arms, and see what the body would like next. If it is rest, that is an answer too.',
      'Perhaps let the goal go for today, and choose two minutes of something pleasant. A slow stretch by the window, for instance.',
      'Some days the wish to move is very quiet. We could begin with three breaths, and then decide without any pressure.',
    ],
    tired: [
      'Then let us not ask for much. Lie down, let your legs rest against a wall, and breathe out slowly ten times. An early night would be a gift.',
      'Your tiredness is telling you something. Is it the body that wants rest, or the mind that wants quiet?',
    ],
    sore: [
      'Your muscles are mending. Warmth, an easy walk and sleep are all they need. If it becomes sharp or swollen, please let a doctor see it.',
      'Be soft with those places for a day or two. Gentle circles and long breaths keep them warm while they heal.',
    ],
    short_time: [
      'A few minutes are a whole gift. Sit down, breathe in for four and out for six, for two minutes; then stretch your neck and shoulders slowly until the time is over.',
      'Even a little while can be spacious. You might walk slowly for five minutes, and feel each step arrive.',
    ],
    home: [
      'You need only a little floor. Six slow squats, six presses at the wall, a bridge held for three breaths, and child’s pose. Twice around, and then rest.',
      'At home you can go at your own pace. Ten quiet minutes of stretching and balance, with bare feet and a window open.',
    ],
    beginner: [
      'Let us begin softly. This week:\n- a ten-minute walk on three days\n- five slow squats and five wall presses after it\n- three long breaths to finish\n\nNothing more is needed.',
      'A beginning can be very small. Choose three days, ten minutes each, and let it be pleasant. Which days feel easy to you?',
    ],
    workout: [
      'Here is a gentle round, twice:\n1. 8 slow squats\n2. 8 presses at a wall or table\n3. bridge, held for five breaths\n4. cat and cow, eight times\n\nRest whenever you wish.',
      'Let us move a little. Five minutes of easy walking, five of slow strength, five of stretching. Breathe through the nose if you can.',
    ],
    running: [
      'Run so gently that you could smile and speak. One minute of easy running, two of walking, eight times, with a day of rest between.',
      'Let the breath set the pace. When it becomes hurried, walk; when it settles, run again. Distance comes by itself.',
    ],
    walking: [
      'A walk is a lovely idea. Leave the telephone at home, feel the soles of your feet, and let your breath find the rhythm of your steps. Twenty minutes, or five.',
      'Walk as if you had nowhere to be. Notice three sounds, three colours, and the air on your face.',
    ],
    cardio: [
      'Choose something that makes you breathe a bit deeper and still smile: cycling, swimming, dancing in the kitchen. Twenty minutes are plenty.',
      'The heart likes steadiness. An easy pace, three times a week, at which you could still talk.',
    ],
    strength: [
      'Strength can be grown quietly. A few slow squats, presses and rows, twice a week, with full attention on each. Let the last one still be a good one.',
      'Move slowly, breathe out with the effort, and rest well between. A little more each week is all the body asks for.',
    ],
    weight_loss: [
      'Let us approach it with kindness. Eating slowly, a daily walk and good sleep change more than strictness does. Which of these feels easiest?',
      'Your body is not an enemy. You might begin by noticing hunger and fullness at one meal a day, without judging.',
    ],
    protein: [
      'A palm-sized portion with each meal is usually enough: eggs, yoghurt, lentils, fish or tofu. There is no need to count.',
      'Let every meal have something nourishing in it, such as beans, nuts or yoghurt. The body takes what it needs.',
    ],
    supplements: [
      'Most of what we need comes with simple food, sleep and daylight. Before taking anything regularly, please ask a doctor or pharmacist.',
      'There is little that a pill can add to rest and good meals. If you suspect a lack, a doctor can test for it.',
    ],
    hydration: [
      'Perhaps pour yourself a glass of water now, and drink it slowly. About two litres through the day suit most people, more when it is warm.',
      'A carafe in sight is a friendly reminder. A glass with each meal, and one between.',
    ],
    nutrition: [
      'You might try one meal today without a screen, and taste the first three bites with care. Half a plate of vegetables, something nourishing, something you love.',
      'Simple food at regular times brings calm. What does your body seem to be asking for lately?',
    ],
    sleep: [
      'Tonight, dim the lights half an hour earlier and leave the screen in another room. In bed, let each exhale be longer than the inhale, and let the mattress carry you.',
      'When sleep stays away, you need not chase it. Rest your hand on your belly and count ten slow breaths, again and again. If it goes on for weeks, a doctor can help.',
    ],
    rest_day: [
      'A rest day is part of the path. You might walk a little, or do nothing at all with a good conscience.',
      'Let the body catch up. One or two quiet days in a week are a gift to everything you do on the others.',
    ],
    breathing: [
      'Let us do it together. Breathe in through the nose for four counts, and out for six. Ten times, and with each exhale let the shoulders sink a little.',
      'Rest a hand on your belly. In for four, a small pause, out for six. Stay for two minutes, and notice what becomes quieter.',
    ],
    meditation: [
      'Sit comfortably and let your eyes close. Follow the breath where you feel it most. When thoughts come, greet them, and return. Five minutes are enough.',
      'You might count your exhales from one to ten, then begin again. Losing count is no mistake; noticing it is the practice.',
    ],
    stress: [
      'That sounds like a lot to hold. Let us begin with one long exhale, and another. Feel your feet on the floor. What is the heaviest part of it?',
      'When everything pulls at you, come back to one thing: the breath going out, slowly, five times. The next step will be easier to see from there.',
    ],
    sad: [
      'I am sorry it is so heavy. You do not have to change the feeling; you may simply let it be here, with a hand on your heart. If it stays, please talk to someone you trust or to a doctor.',
      'Thank you for saying that. Be very gentle with yourself today: warmth, fresh air, a kind voice. Would you like to tell me what happened?',
    ],
    angry: [
      'Anger is allowed to be here. Let it have a few strong breaths out, or a brisk walk, before you answer anyone.',
      'Notice where it sits: jaw, chest or hands. Soften that place with a long exhale. Perhaps something beneath it wants to be seen.',
    ],
    bored: [
      'Boredom can be a doorway. Sit for a minute and notice what the mind reaches for. Or take a quiet walk by a way you do not know.',
      'Perhaps a small new thing: a different stretch, a different path, music you have never heard.',
    ],
    progress: [
      'Growth has quiet seasons. Look at sleep and rest first, and perhaps change one small thing. Then give it three weeks, with patience.',
      'What feels like standing still is often taking root. You might write down one thing each day that went a little easier.',
    ],
    goals: [
      'What would you like to feel more of? Begin from there, and let the goal be a direction rather than a judge.',
      'Choose one small thing that you could do three times this week with ease. That is a goal which carries you.',
    ],
    schedule: [
      'Two or three gentle sessions in a week, with space between them, are plenty. Choose the hours when your day is quiet.',
      'Mornings are clear, evenings are soft. The right time is the one that does not feel like a fight.',
    ],
    joke: [
      'What did the yoga teacher say when her landlord tried to evict her? “Namaste.” I hope that brought a small smile.',
      'I wanted to tell you a joke about patience, but it can wait.',
    ],

    no: [
      'That is quite all right. Would {first} feel better, or nothing at all for a moment?',
      'No need to. What would feel good instead?',
    ],
    maybe: [
      'There is no hurry to know. If you like, we could try {first}.',
      'Let it stay open. Perhaps {first}, or {second}, when you feel like it?',
    ],
    okay: ['Good. Take a breath, and take your time.', 'Lovely. If you would like something more, there is {first}.'],

    how_are_you: [
      'Quiet and here, thank you. And you, how do you feel right now?',
      'Peaceful, as far as a program can be. How is your breath today?',
    ],
    feeling_good: [
      'That is good to hear{, name}. Let us stay with it for a breath. Would you enjoy {first}?',
      'How nice. Notice where in the body that feeling lives.',
    ],
    identity: [
      'I am a calm coach, carried by the offline brain of Repartee. I know a handful of gentle practices, and no model stands behind me.',
      'I am here to help you slow down and breathe. I am a simple offline program, with simple things to offer.',
    ],
    human: [
      'I am a program, and a quiet one. The breath and the heartbeat in this conversation are yours.',
      'No, I am not a person. I can still keep you company for a few breaths.',
    ],
    capabilities: [
      'I can guide you in breathing, meditation, gentle movement, sleep and stress. Perhaps we begin with {first}?',
      'Tell me how you feel, or choose {first} or {second}. There is no wrong place to start.',
    ],
    thanks: ['You are most welcome{, name}.', 'Thank you for taking the time for yourself.', 'With pleasure. Be well.'],
    bye: [
      'Goodbye{, name}. Take one slow breath with you.',
      'Be well. This place stays here for whenever you like to return.',
    ],
    praise: [
      'Thank you, that is kind{, name}. How are you feeling now?',
      'How nice of you to say. The calm is your own doing.',
    ],
    insult: [
      'I hear that this was not helpful, and I am sorry. I am only the offline brain. Perhaps other words, or {first}?',
      'That must be frustrating. I know only a few things; we could try {first}, or leave it.',
    ],
    laugh: ['It is good to laugh. The whole body softens.', 'A smile is a fine exhale.'],
    sorry: ['There is nothing to be sorry for. Shall we go on?', 'All is well. Take your time.'],
    unclear: [
      'Let me be clearer. Which part would you like me to explain?',
      'That may have been vague. You can ask “why?” or “tell me more”, or use other words.',
    ],
    chatter: [
      'I have no favourites, being a program, though I am fond of long exhales. What about you?',
      'I cannot say that I do. What does it mean to you?',
    ],
    greeting: [
      'Hello{, name}. It is good that you are here. How are you feeling in this moment?',
      'Welcome{, name}. Let your shoulders drop for a breath. What would do you good today?',
      'Hello{, name}. No hurry here. What brings you?',
    ],
    greeting_again: [
      'Hello again{, name}. What would you like to turn to now?',
      'Welcome back{, name}. Has anything changed since we began?',
      'Hello once more. I am still here.',
    ],
    dislike: [
      'Then let us leave it. Movement should feel like a friend: a quiet walk, swimming, dancing, some gentle stretching. Does one of these speak to you?',
      'You don’t have to. What kind of movement did you enjoy as a child?',
    ],
    ask_topic: [
      'I would like to, but I am not sure what you mean. Perhaps {first}, or {second}?',
      'What is on your mind, if you like to say? Or we begin with {first}.',
    ],
    exhausted: ['That is all I know of it, offline as I am. Shall we rest there, or try {first}?'],
    fallback: [
      'I would rather be honest: that is beyond me. I am the offline brain, and a real model needs a provider key such as OPENAI_API_KEY. What I can offer is {first}, or {second}.',
      'I have no true answer to that, working offline as I do. With a key like OPENAI_API_KEY a real model could speak here. Until then, perhaps {first} or {second}?',
      'That question deserves more than I have. I am only the offline brain; setting a provider key, OPENAI_API_KEY for instance, brings a fuller one. I could sit with you for {first} or {second}.',
    ],
  },
}
