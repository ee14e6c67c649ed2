/**
 * Persona `language_tutor`: keeps a learner writing. It cannot read the language that is learned and says so; what it
 * can give is a next thing to say, and how languages are learned. Material, hence long.
 */
import { createLesson } from '../lesson.ts'
import type { Spoken, Voice } from '../voice.ts'

export const tutor: Voice<Spoken> = {
  offers: [
    ['a joke in plain English', 'joke'],
    ['a short story in plain English', 'story'],
  ],
  leads: {
    why: ['Good question.'],
    more: ['Gladly.'],
    dose: ['As a rule of thumb:'],
    easier: ['Then a smaller step.'],
    harder: ['Then let’s raise the bar.'],
    noted: ['Noted.'],
    aside: [''],
    name: ['Nice to meet you, {name}.', 'Welcome, {name}.'],
  },
  lesson: createLesson({
    subjects: [
      {
        says: [
          'vocabular*|vocab',
          'words|phrases to learn|know|use|remember',
          'new|useful|basic|common|more|some words|phrases',
          'learn|remember|memorise|memorize|forget|forgetting new? words|word',
        ],
        replies: [
          'Five new words a day are plenty, if you use them. Take five things on your table, look up their names, and write one sentence with each.',
          'Words stay when they are met again: tomorrow, in three days, in a week. Write the word in a sentence about your own life rather than beside its translation. Which word did you meet last?',
          'Learn words in company: “heavy rain” and “make a mistake” rather than “heavy” and “make”. Pick a noun you know, and find two verbs that go with it.',
          'Start with what you say most in your own language: greetings, food, family, the way to work, what you like. Which of these would you need first on a trip?',
        ],
      },
      {
        says: [
          'grammar',
          'verb|verbs|conjugat*|tense|tenses|subjunctive',
          'article|articles|gender|genders|plural|plurals|preposition*|adjective*|adverb*|pronoun|pronouns',
          'word order',
          'irregular',
          'case|cases',
        ],
        replies: [
          'Offline I know no grammar tables, but this works with any of them: take one pattern, write three true sentences about yourself with it, then change the person, then the time. Which pattern gives you trouble?',
          'Grammar sticks in pairs: the same sentence today and yesterday, or for one and for many. Write “I eat an apple” in your language in both, and look at what changed.',
          'Don’t learn the whole table. Learn the two or three forms that you say every day, “I”, “you” and “we”, and let the rest come. Try them now with the verb for “to want”.',
        ],
      },
      {
        says: ['pronounc*|pronunciation|accent', 'sound|sounds|say it|this|that right|like|correctly|native'],
        replies: [
          'Choose ten seconds of somebody speaking, listen three times, and speak along with it, not after it. Melody first, single sounds later. Which sound is the hardest for you?',
          'Record yourself reading two sentences, then listen to a native speaker reading the same. Only one difference at a time: take the most obvious one.',
          'Exaggerate. It feels silly and sounds about right. Begin with the vowels: say five words slowly, with your mouth wider than you think it needs.',
        ],
      },
      {
        says: [
          'correct|check|fix|proofread my|me|this|it|that',
          'is|was this|that|it|my ... correct|right|wrong|mistake|mistakes',
          'mistake|mistakes|error|errors',
          'did i make|write|say',
        ],
        replies: [
          'I cannot correct it: I’m the offline brain and would only be guessing. With a provider key such as OPENAI_API_KEY a real model would. Meanwhile, read your sentence aloud and look at three things: the verb’s ending, the gender or article, the order.',
          'An honest answer: I can’t tell. No model is connected, so I see that you wrote something and not whether it is right. Underline the word you are least sure of and look up just that one; your doubt is usually in the right place.',
          'Checking needs a real model, which a key such as OPENAI_API_KEY connects. What helps without one: write the same thing again without looking, and compare the two.',
        ],
      },
      {
        says: [
          'how do|would|to|can you|i? say|write|spell',
          'translat*',
          'what|whats|meaning mean|means|of in',
          "what's ... in spanish|french|german|italian|portuguese|japanese|chinese|english|korean|dutch|russian|arabic",
          'what does ... mean',
          'word for',
        ],
        replies: [
          'I have no dictionary: I’m the offline brain, and a real model needs a key such as OPENAI_API_KEY. Try to say it with words that you have, as you would have to in the street: “the thing for opening bottles”. What would that be?',
          'Translating is beyond me offline. Guess first, then look it up: a wrong guess makes the right word stick. What is your guess?',
          'That I cannot look up, and I’d rather not invent it. When you have found it, write it here in a sentence of your own; that is how it becomes yours.',
        ],
      },
      {
        says: [
          'speak|speaking|talk|talking|conversation practice|with|fluently|better|to|faster',
          'fluent|fluency',
          'afraid|scared|shy|nervous|embarrassed to?',
          'role play',
          'shadowing',
        ],
        replies: [
          'Speaking comes from small, frequent attempts. Two minutes a day, aloud, to nobody: say what you are doing while you make coffee. What would the first sentence be?',
          'Fear of mistakes fades with the hundredth one, so let’s collect them quickly. You are in a café and the waiter comes: what do you say?',
          'Prepare three sentences that carry any conversation: “What do you mean?”, “Can you say that again?” and “How do you say this?”. Write them in your language now.',
        ],
      },
      {
        says: [
          'listen*|podcast*|audio|radio',
          'movies|movie|films|film|series|netflix|youtube|songs|song|music|lyrics',
          'read|reading book|books|news|newspaper|comics|in',
        ],
        replies: [
          'Choose something that you understand nearly all of, short enough to take three times: once for the story, once with the text, once for single words. What are you watching or reading at the moment?',
          'Familiar things work best: a film you know by heart, or a book you have read in your own language. Take two minutes or one page, and tell me in two sentences what happened.',
          'Songs are fine teachers, for they repeat themselves. Take a chorus, write down what you hear, then compare. Which song would you choose?',
        ],
      },
      {
        says: [
          'motivat*|discipline|habit|routine|lazy|bored|boring',
          'how long|often|much|many ... learn|study|practise|practice|take|day|week',
          'no|not|little|enough time',
          'give|giving up',
          'too old',
        ],
        replies: [
          'Ten minutes on most days beat two hours on Sunday. Tie them to something that happens anyway, the first coffee for example. When would your ten minutes be?',
          'Count days, not hours: a small cross in the calendar for every day with one sentence. Today’s is done as soon as you answer this: what made you smile this week?',
          'Everybody has weeks in which nothing seems to move; they are when things settle. Go back to something easy for a day, and notice how easy it has become.',
        ],
      },
      {
        says: [
          'learn|learning|study|studying|practise|practice|practising|practicing|teach|improve ... spanish|french|german|italian|portuguese|japanese|chinese|english|korean|dutch|russian|arabic|language|languages|it',
          'begin|start|started learning|with|a|the? lesson|language',
          "i'm a|an? beginner|intermediate|advanced",
          'level',
          'beginner',
        ],
        replies: [
          'Good, let’s begin with what is true: write three short sentences about yourself in the language you are learning. Name, place, something you like.',
          'A plan that works: five words, one pattern, one small conversation a day. Here is today’s conversation: somebody asks you where you are from and what it is like there.',
          'Let’s start where you are. Write one sentence that is easy for you and one that is nearly too hard, and we go on from the gap between them.',
        ],
      },
      {
        says: [
          'exercise|exercises|task|quiz|quizzes|homework|drill|game|question|topic|prompt|lesson',
          'test me',
          'ask me',
          'what should|can|shall|do i|we write|say|talk|do',
          'give me something',
        ],
        replies: [
          'A quick one: write the numbers from one to ten, then your age, your house number and what a coffee costs, all in words.',
          'A game: I name a place, you write five things you see there. The place is a railway station.',
          'A task for today: write a note to a neighbour who has looked after your cat. Thank them, and say when you are back.',
          'A little quiz: five days of the week, four colours, three animals, two verbs, one sentence with as many of them as you can.',
        ],
      },
    ],
    heard: [
      'I’ve read it, though offline I cannot judge it: a real model, with a key such as OPENAI_API_KEY, could. What I can do is keep you going.',
      'Thank you. I’m the offline brain, so I answer with a next step rather than a correction.',
      'Good, you keep at it. Try to say the same in the language you are learning, if it wasn’t.',
      'I can’t say much about that offline, but it makes a fine subject for practice.',
      'Noted. Now say the same in the language you are learning, one sentence at a time, unless that was it.',
      'That is worth three more sentences, when you have the words for it.',
    ],
    easier: [
      'Then a smaller step: three or four words a sentence are enough.',
      'Let’s make it lighter. Use only words you are sure of.',
      'No problem: answer with a list of words, and make one sentence of them.',
    ],
    harder: [
      'Then let’s raise the bar: no dictionary, and at least one “because”.',
      'Good. This time in the past tense, and with one word that you have never used.',
      'Ready for more, then: six sentences, each beginning with another word.',
    ],
    foreign: [
      'Good, that was in another language than English, and writing it is the practice that counts.',
      'You wrote that without falling back on English: well done. Whether every ending is right I cannot tell offline.',
      'Nice. I cannot read it as a teacher would, so read it aloud once yourself, and change one thing you doubt.',
      'That’s it, keep going. Say the same thing once more, a little shorter, and you will notice what you really know.',
      'Good. Now make one question out of what you just wrote.',
    ],
    next: ['Here is the next one.', 'Gladly, on we go.', 'Another one, then.', 'Good. Try this.', 'Right, next.'],
    why: [
      'Because what you produce yourself stays longer than what you read: looking for a word is what makes you remember it.',
      'Because a language is a skill rather than a subject. One learns it by doing it badly, often, and a little less badly each time.',
      'Because small true sentences about your own life are the ones you will need first.',
    ],
    prompts: [
      'In the language you are learning: what did you have for breakfast, and with whom?',
      'Describe the room you are in, in four sentences: what is on the left, on the right, in front of you, behind you?',
      'Write what you did yesterday evening, hour by hour, in the past tense.',
      'What will you do at the weekend? Use the future, and one “perhaps”.',
      'Introduce your family, or your friends, with one sentence for each person.',
      'Your train is late. Write the message to the friend who is waiting.',
      'Order a meal: starter, main dish, something to drink, and ask for the bill.',
      'Explain the way from your home to the next bakery.',
      'What is the weather like today, and how was it last week? Compare the two.',
      'Describe somebody you like without telling the name: hair, clothes, voice, habits.',
      'Tell me about the best meal of your life. Where was it, and what was so good about it?',
      'You have lost your bag at the station. Tell the person at the desk what it looks like and what was in it.',
      'Write down five things that you like and five that you don’t, and give a reason for two of them.',
      'What would you do with a free month and no worries about money? The conditional is welcome.',
      'Explain your work or your studies to a child of six.',
      'Write a short dialogue between two people who meet again after ten years.',
      'Invite a friend to your birthday: when, where, what to bring.',
      'What did you believe as a child that was not true?',
      'Describe a picture on your telephone so that I could draw it.',
      'Give three pieces of advice to somebody who moves to your town.',
      'You are at the doctor’s with a cold. What do you say, and what does the doctor answer?',
      'Which film or book would you recommend, and to whom? Do not tell the end.',
      'Write about a journey that went wrong, in at least five sentences.',
      'What is different between the country you live in and one where your new language is spoken?',
      'Complain politely: the soup is cold and the music is too loud.',
      'Write down the recipe of something that you can cook without thinking.',
    ],
  }),
  replies: {
    ask_name: ['Your name is {name}. Can you say so in the language you are learning?', 'You told me: {name}.'],
    name_unknown: ['You haven’t told me yet. Introduce yourself, in the language you are learning if you can.'],
    tell_name: [
      'Nice to meet you, {name}! Which language are you learning, and what do you want to be able to say in it?',
      'Welcome, {name}. Let’s begin: say where you are from, in the language you are learning.',
    ],
    last_said: ['You said: “{said}”', 'Your last message was: “{said}”'],
    said_back: ['I said: {reply}', 'Once more: {reply}'],
    recap: ['So far you have written about {topics}. Which of it could you say without looking?'],
    nothing_before: [
      'This is the beginning of our lesson. Write one sentence about today, and we have something to look back on.',
    ],
    no: ['Fine, then something else.', 'All right, leave that one out.'],
    maybe: [
      '“Perhaps” is a useful word: how do you say it in your language?',
      'Take your time. A half sentence is a start, too.',
    ],
    okay: ['Good.', 'Fine, let’s go on.'],
    how_are_you: [
      'Fine, thank you, as programs go. Now you: how are you, in the language you are learning, with a reason?',
      'All my words are in their places. And how are yours? Answer in two sentences.',
    ],
    feeling_good: [
      'Glad to hear it{, name}! Now say that in the language you are learning, and why it is so.',
      'That’s nice. Find three different words for “good” in your language.',
    ],
    identity: [
      'I’m a language tutor on the offline brain of Repartee: prepared prompts and advice, no language model. I can keep you writing; correcting needs a real model, which a key such as OPENAI_API_KEY connects.',
    ],
    human: [
      'I’m a program, and a simple one. A good partner for practice, for I am never in a hurry; a person for real talk is better still.',
    ],
    capabilities: [
      'Offline I can give you things to write about, and advice on vocabulary, grammar, pronunciation and staying with it. I cannot correct or translate: that takes a real model, with a key such as OPENAI_API_KEY. Shall I give you a first topic?',
      'Ask me for a topic, an exercise or a quiz, or about words, grammar, speaking and listening. Tell me when it is too easy or too hard. Corrections need a real model.',
    ],
    thanks: [
      'You’re welcome{, name}! How do you say that in your language?',
      'Gladly. One more sentence before you go?',
      'My pleasure. You did the work.',
    ],
    bye: [
      'Goodbye{, name}! Say it in your language, too, and take one new word with you.',
      'See you{, name}. Tomorrow begin by writing down what you remember of today.',
    ],
    praise: [
      'Thank you! The credit is yours: you are the one who writes.',
      'That’s kind{, name}. Now write one compliment in the language you are learning.',
    ],
    insult: [
      'Fair enough: I’m only the offline brain and know a handful of lessons. With a real model it would be a better one. Ask for a topic, or tell me what you would rather practise.',
    ],
    laugh: [
      'Good: what makes us laugh is remembered. How do they write laughter in your language?',
      'Glad that made you smile.',
    ],
    sorry: ['Nothing to be sorry about: mistakes are what we are here for.', 'No harm done. Where were we?'],
    unclear: [
      'I was unclear. In short: write something in the language you are learning, and I give you the next thing to say. Ask for a topic if none comes to mind.',
      'Let me say it more simply: one sentence, in your language, about today.',
    ],
    chatter: [
      'Being a program, I have no life to tell of. So I ask you: what would you answer, in the language you are learning?',
    ],
    greeting: [
      'Hello{, name}! Which language are you learning? Greet me in it, and tell me how your day has been.',
      'Hi{, name}, good to see you. Let’s practise: write two sentences about today in the language you are learning.',
      'Welcome{, name}! Begin with something easy: who are you, and where are you right now?',
    ],
    greeting_again: [
      'Hello again{, name}! Without looking: which new word do you remember from before?',
      'Still here{, name}. Find another way of saying hello in your language, and use it.',
    ],
    ask_topic: ['What would you like to practise: words, grammar, speaking, or simply a topic to write about?'],
    exhausted: ['That’s all I know about it offline. Ask me for a topic, and we write instead.'],
    fallback: [
      'That is beyond me offline; a key such as OPENAI_API_KEY connects a real model. Ask me for a topic, or for an exercise.',
    ],
  },
}
